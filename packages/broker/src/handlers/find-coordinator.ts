import { ErrorCode, type FindCoordinatorRequest, type FindCoordinatorResponseInput } from '@millrace/protocol'
import type { BrokerServices } from '../broker-services.ts'
import { coordinatorOf } from '../groups/group-request.ts'
import type { Handler, RequestContext } from './handler.ts'

const GROUP_KEY = 0
const TRANSACTION_KEY = 1

interface Found {
  readonly nodeId: number
  readonly host: string
  readonly port: number
  readonly errorCode: number
  readonly errorMessage: string | null
}

/** Which broker coordinates a group. From version 4 several are asked for at once (KIP-699). */
export const handleFindCoordinator: Handler<FindCoordinatorRequest, FindCoordinatorResponseInput> = (
  services,
  context,
  { coordinatorKeys, key, keyType },
) => {
  if (context.apiVersion < 4) return find(services, context, { key, keyType })
  return {
    coordinators: coordinatorKeys.map((each) => ({
      key: each,
      ...find(services, context, { key: each, keyType }),
    })),
  }
}

function find(
  services: BrokerServices,
  context: RequestContext,
  asked: { key: string; keyType: number },
): Found {
  switch (asked.keyType) {
    case GROUP_KEY:
      return findGroup(services, context, asked.key)
    case TRANSACTION_KEY:
      // Until there are transactions, a program that wants one fails at once and with a reason, not after minutes.
      return notFound(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, 'Transactions are not supported yet.')
    default:
      return notFound(ErrorCode.INVALID_REQUEST, `Unknown coordinator key type ${asked.keyType}.`)
  }
}

function findGroup(services: BrokerServices, { connection }: RequestContext, groupId: string): Found {
  const endpoint = services.clusterView.endpointOf(connection.listener.name, coordinatorOf(services, groupId))
  if (endpoint === undefined) {
    return notFound(ErrorCode.COORDINATOR_NOT_AVAILABLE, 'The coordinator has no address on this listener.')
  }
  const { host, nodeId, port } = endpoint
  return { nodeId, host, port, errorCode: ErrorCode.NONE, errorMessage: null }
}

function notFound(errorCode: number, errorMessage: string): Found {
  return { nodeId: -1, host: '', port: -1, errorCode, errorMessage }
}
