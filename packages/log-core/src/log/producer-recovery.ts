import type { BatchHeader } from '@millrace/record-batch'
import { StorageError } from '../fs/storage-error.ts'
import type { LogSegment } from '../segment/log-segment.ts'
import { readableSegment, scanOfSealed, scanSegment } from '../segment/segment-scan.ts'
import type { LogEnvironment } from './log-environment.ts'
import type { ProducerSnapshots } from './producer-snapshots.ts'
import type { ProducerStates } from './producer-state.ts'

/**
 * Producers as they were at the beginning of the active segment: the newest snapshot up to there, and the batches of
 * the sealed segments behind it, if any.
 */
export async function recoverProducers(
  environment: LogEnvironment,
  snapshots: ProducerSnapshots,
  log: { sealed: readonly LogSegment[]; activeBase: number },
): Promise<ProducerStates> {
  const { producers, nextOffset } = snapshots.restore(log.activeBase)
  for (const [index, segment] of log.sealed.entries()) {
    const endOffset = log.sealed[index + 1]?.baseOffset ?? log.activeBase
    if (endOffset <= nextOffset) continue
    const source = readableSegment(segment, environment.cache)
    const end = await scanSegment(source, scanOfSealed(segment), ({ header }) => {
      if (header.baseOffset >= nextOffset) replayBatch(producers, header)
    })
    if (end.kind === 'end') continue
    const path = segment.path('log')
    throw new StorageError(
      'CORRUPT',
      path,
      `${path} at byte ${end.position}: ${end.message}. Nothing was changed`,
    )
  }
  return producers
}

/** Takes a batch in that the log holds, without asking whether it would be accepted now. */
export function replayBatch(producers: ProducerStates, header: BatchHeader): void {
  if (header.producerId >= 0) producers.update(header, header.lastOffset)
}
