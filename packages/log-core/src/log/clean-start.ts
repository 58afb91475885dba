import { crc32c } from '@millrace/record-batch'
import type { CleanLog } from '../directory/clean-shutdown.ts'
import type { FileSystem } from '../fs/file-system.ts'
import type { LogSegment } from '../segment/log-segment.ts'
import { OffsetIndex } from '../segment/offset-index.ts'
import { SegmentWriter } from '../segment/segment-writer.ts'
import { TimeIndex } from '../segment/time-index.ts'

/**
 * Goes on with the active segment where a clean stop left it, without reading a batch. Null when anything is not as it
 * was left: then the segment is walked like any other.
 */
export function resumeSegment(fs: FileSystem, segment: LogSegment, clean: CleanLog): SegmentWriter | null {
  const { active } = clean
  if (active.baseOffset !== segment.baseOffset || active.sizeBytes !== segment.sizeBytes) return null
  const offsetBytes = readSidecar(fs, segment.path('index'), clean.offsetIndexCrc)
  const timeBytes = readSidecar(fs, segment.path('timeindex'), clean.timeIndexCrc)
  const offsetIndex = offsetBytes === null ? null : OffsetIndex.parse(offsetBytes, segment)
  const timeIndex = timeBytes === null ? null : TimeIndex.parse(timeBytes, segment.baseOffset)
  if (offsetIndex === null || timeIndex === null) return null
  const file = fs.open(segment.path('log'), 'open')
  return SegmentWriter.resume(segment.directory, file, active, { offsetIndex, timeIndex })
}

function readSidecar(fs: FileSystem, path: string, crc: number): Buffer | null {
  if (!fs.exists(path)) return null
  const bytes = fs.readFile(path)
  return crc32c(bytes) === crc ? bytes : null
}
