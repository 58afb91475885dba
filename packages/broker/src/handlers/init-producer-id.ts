import { StorageError } from '@millrace/log-core'
import { ErrorCode, type InitProducerIdRequest, type InitProducerIdResponseInput } from '@millrace/protocol'
import type { Handler } from './handler.ts'

/**
 * InitProducerId, v0-5. Without a transactional id every request gets a fresh producer id, whatever id and epoch
 * it names (trap 9: platformatic names 0 and 0). Until there are transactions, a transactional id is refused at
 * once, instead of letting programs try for minutes.
 */
export const handleInitProducerId: Handler<InitProducerIdRequest, InitProducerIdResponseInput> = (
  { producerIds },
  _context,
  request,
) => {
  const { transactionalId, producerId, producerEpoch } = request
  if (transactionalId !== null) {
    return failed(
      transactionalId === '' ? ErrorCode.INVALID_REQUEST : ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    )
  }
  if ((producerId === -1) !== (producerEpoch === -1)) return failed(ErrorCode.INVALID_REQUEST)
  const allocated = producerIds.allocate()
  if (typeof allocated === 'number') return given(allocated)
  return allocated.then(given, (error: unknown) => {
    if (!(error instanceof StorageError)) throw error
    return failed(ErrorCode.COORDINATOR_NOT_AVAILABLE)
  })
}

function given(producerId: number): InitProducerIdResponseInput {
  return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, producerId, producerEpoch: 0 }
}

function failed(errorCode: number): InitProducerIdResponseInput {
  return { throttleTimeMs: 0, errorCode, producerId: -1, producerEpoch: -1 }
}
