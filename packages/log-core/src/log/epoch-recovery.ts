import type { FileSystem } from '../fs/file-system.ts'
import type { LogSegment } from '../segment/log-segment.ts'
import { readableSegment, scanOfSealed, scanSegment } from '../segment/segment-scan.ts'
import { decodeLeaderEpochs, LEADER_EPOCH_CHECKPOINT, LeaderEpochs } from './leader-epoch-checkpoint.ts'
import type { LogEnvironment } from './log-environment.ts'

/**
 * The leader epochs of a log: from the checkpoint, or from the batches themselves when there is none that can be
 * read. Epochs that were raised and never written under are then forgotten here; the sync mark remembers the latest.
 */
export async function readLeaderEpochs(
  environment: LogEnvironment,
  directory: string,
  segments: readonly LogSegment[],
): Promise<LeaderEpochs> {
  const epochs = readCheckpoint(environment.fs, `${directory}/${LEADER_EPOCH_CHECKPOINT}`)
  if (epochs !== null) return epochs
  environment.logger.warn(
    { directory },
    'the leader epoch checkpoint is missing or damaged: read from the batches',
  )
  const rebuilt = new LeaderEpochs([])
  for (const segment of segments) {
    await scanSegment(readableSegment(segment, environment.cache), scanOfSealed(segment), ({ header }) => {
      const { partitionLeaderEpoch: epoch, baseOffset } = header
      if (epoch > rebuilt.latest) rebuilt.assign({ epoch, startOffset: baseOffset })
    })
  }
  return rebuilt
}

function readCheckpoint(fs: FileSystem, path: string): LeaderEpochs | null {
  return fs.exists(path) ? decodeLeaderEpochs(fs.readFile(path)) : null
}
