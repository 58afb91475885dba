import type { BatchHeader } from '@millrace/record-batch'
import { StorageError } from '../fs/storage-error.ts'
import type { LogSegment } from '../segment/log-segment.ts'
import { readableSegment, scanOfSealed, scanSegment } from '../segment/segment-scan.ts'
import type { LogEnvironment } from './log-environment.ts'
import type { ProducerSnapshots } from './producer-snapshots.ts'
import type { ProducerStates } from './producer-state.ts'

/**
 * Producers as they were at the beginning of the active segment: the newest snapshot up to there, and the batches of
 * the segments behind it, if any. Those before the log's start, which are about to be removed, count too: a damaged
 * snapshot may leave nobody else who knows. What is damaged in them is nobody's loss any more.
 */
export async function recoverProducers(
  environment: LogEnvironment,
  snapshots: ProducerSnapshots,
  log: { obsolete: readonly LogSegment[]; sealed: readonly LogSegment[]; activeBase: number },
): Promise<ProducerStates> {
  const { producers, nextOffset } = snapshots.restore(log.activeBase)
  const segments = [...log.obsolete, ...log.sealed]
  for (const [index, segment] of segments.entries()) {
    const endOffset = segments[index + 1]?.baseOffset ?? log.activeBase
    if (endOffset <= nextOffset) continue
    const source = readableSegment(segment, environment.cache)
    const end = await scanSegment(source, scanOfSealed(segment), ({ header }) => {
      if (header.baseOffset >= nextOffset) replayBatch(producers, header)
    })
    if (index < log.obsolete.length) environment.cache.forgetSegment(segment)
    else if (end.kind !== 'end') throw damaged(segment, end)
  }
  return producers
}

function damaged(segment: LogSegment, end: { position: number; message: string }): StorageError {
  const path = segment.path('log')
  return new StorageError(
    'CORRUPT',
    path,
    `${path} at byte ${end.position}: ${end.message}. Nothing was changed`,
  )
}

/** Takes a batch in that the log holds, without asking whether it would be accepted now. */
export function replayBatch(producers: ProducerStates, header: BatchHeader): void {
  if (header.producerId >= 0) producers.update(header, header.lastOffset)
}
