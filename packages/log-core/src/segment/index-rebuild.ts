import type { FileSystem } from '../fs/file-system.ts'
import { DEFAULT_LOG_CONFIG } from '../log-config.ts'
import type { LogSegment } from './log-segment.ts'
import type { SegmentCache } from './segment-cache.ts'
import { asSegmentBatch, readableSegment, scanOfSealed, scanSegment } from './segment-scan.ts'
import { SegmentWriter } from './segment-writer.ts'

/**
 * Builds both indexes of a sealed segment again from its batches. They end where the first damaged batch begins; what
 * lies behind it is found to be damaged when it is read.
 */
export async function rebuildIndexes(
  fs: FileSystem,
  cache: SegmentCache,
  segment: LogSegment,
): Promise<SegmentWriter> {
  const file = fs.open(segment.path('log'), 'read')
  try {
    const writer = new SegmentWriter(segment, file, 0)
    await scanSegment(readableSegment(segment, cache), scanOfSealed(segment), (batch) => {
      writer.note(asSegmentBatch(batch), DEFAULT_LOG_CONFIG)
    })
    writer.completeTimeIndex()
    return writer
  } finally {
    file.close()
  }
}
