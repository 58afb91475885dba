import { StorageError } from '../fs/storage-error.ts'
import type { LogConfig } from '../log-config.ts'
import type { LogSegment } from '../segment/log-segment.ts'
import { asSegmentBatch, scanSegment } from '../segment/segment-scan.ts'
import { SegmentWriter } from '../segment/segment-writer.ts'
import type { LogEnvironment } from './log-environment.ts'
import { sealSegment } from './segment-list.ts'

/**
 * Checks after an unclean stop that the sealed segments are those that were sealed, and that they join up: sizes and
 * ends by their seals, without reading a batch. Whatever rot is inside is found when it is read.
 *
 * A segment without a whole seal is walked from beginning to end and sealed again. That is so in a directory that
 * Kafka wrote, and when a crash came between the seal and the sync of its name.
 */
export async function checkSealedSegments(
  environment: LogEnvironment,
  log: { sealed: readonly LogSegment[]; activeBase: number; config: LogConfig },
): Promise<void> {
  for (const [index, segment] of log.sealed.entries()) {
    const nextBase = log.sealed[index + 1]?.baseOffset ?? log.activeBase
    const path = segment.path('log')
    const seal = environment.indexes.seal(segment)
    if (seal === null) {
      await sealAgain(environment, segment, { nextBase, config: log.config })
      continue
    }
    if (seal.sizeBytes !== segment.sizeBytes) {
      throw corrupt(path, `${segment.sizeBytes} bytes, and was sealed with ${seal.sizeBytes}`)
    }
    if (seal.nextOffset !== nextBase) {
      throw corrupt(
        path,
        `was sealed at offset ${seal.nextOffset}, and the next segment begins at ${nextBase}`,
      )
    }
  }
}

async function sealAgain(
  environment: LogEnvironment,
  segment: LogSegment,
  { nextBase, config }: { nextBase: number; config: LogConfig },
): Promise<void> {
  const { fs, clock, logger } = environment
  const path = segment.path('log')
  const file = fs.open(path, 'read')
  try {
    const writer = new SegmentWriter(segment, file, clock.nowMs())
    const hasGaps = config.cleanupPolicy.includes('compact')
    const options = { from: 0, nextOffset: segment.baseOffset, hasGaps, minEpoch: -1 }
    const end = await scanSegment(file, options, (batch) => writer.note(asSegmentBatch(batch), config))
    if (end.kind !== 'end')
      throw corrupt(path, `byte ${end.position} of ${segment.sizeBytes}: ${end.message}`)
    if (!hasGaps && end.nextOffset !== nextBase) {
      throw corrupt(path, `ends at offset ${end.nextOffset}, and the next segment begins at ${nextBase}`)
    }
    writer.nextOffset = nextBase
    await sealSegment(fs, writer, { nowMs: clock.nowMs(), isCompacted: hasGaps })
    logger.warn({ path }, 'sealed a segment again: it had no whole seal, and all of its batches are good')
  } finally {
    file.close()
  }
}

function corrupt(path: string, seen: string): StorageError {
  return new StorageError('CORRUPT', path, `${path}: ${seen}. Nothing was changed`)
}
