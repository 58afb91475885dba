import type { LogSegment } from '../segment/log-segment.ts'
import type { SegmentFileKind } from '../segment/segment-file-names.ts'
import type { LogEnvironment } from './log-environment.ts'

const KINDS: readonly SegmentFileKind[] = ['log', 'index', 'timeindex', 'txnindex', 'seal', 'snapshot']

/**
 * Takes the files of segments that left their log away: renamed to `.deleted` at once, and removed after
 * `file.delete.delay.ms`, so that a read in flight can end, and who looks at the directory (a backup) is not surprised.
 * The names are durably gone when it resolves.
 */
export async function removeSegments(
  environment: LogEnvironment,
  segments: readonly LogSegment[],
  delayMs: number,
): Promise<void> {
  const { fs, remover } = environment
  const renamed: string[] = []
  for (const segment of segments) {
    for (const kind of KINDS) {
      const path = segment.path(kind)
      if (!fs.exists(path)) continue
      fs.rename(path, `${path}.deleted`)
      renamed.push(`${path}.deleted`)
    }
  }
  const directory = segments[0]?.directory
  if (directory !== undefined) await fs.syncDirectory(directory)
  remover.removeFiles(renamed, delayMs)
}
