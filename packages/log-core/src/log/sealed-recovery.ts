import { StorageError } from '../fs/storage-error.ts'
import type { LogConfig } from '../log-config.ts'
import type { LogSegment } from '../segment/log-segment.ts'
import { asSegmentBatch, scanSegment } from '../segment/segment-scan.ts'
import { SegmentWriter } from '../segment/segment-writer.ts'
import type { LogEnvironment } from './log-environment.ts'
import { sealSegment } from './segment-list.ts'

/**
 * Seals again what has lost its seal, after walking it from beginning to end. That is so in a directory that Kafka wrote,
 * and when a crash came between a seal and the sync of its name. The segments that have one are compared with it when
 * somebody first reads them (`LogReader`): a start after a crash does not read a hundred thousand seals.
 */
export async function sealUnsealedSegments(
  environment: LogEnvironment,
  log: {
    sealed: readonly LogSegment[]
    sealedBases: ReadonlySet<number>
    activeBase: number
    config: LogConfig
  },
): Promise<void> {
  for (const [index, segment] of log.sealed.entries()) {
    if (log.sealedBases.has(segment.baseOffset)) continue
    const nextBase = log.sealed[index + 1]?.baseOffset ?? log.activeBase
    await sealAgain(environment, segment, { nextBase, config: log.config })
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
