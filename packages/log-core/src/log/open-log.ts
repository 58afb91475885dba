import { encodePartitionMetadata, PARTITION_METADATA } from '../directory/partition-metadata.ts'
import { writeFileAtomically } from '../fs/atomic-file.ts'
import { StorageError } from '../fs/storage-error.ts'
import type { LogConfig } from '../log-config.ts'
import { LogSegment } from '../segment/log-segment.ts'
import { parseSegmentFileName, segmentFileName } from '../segment/segment-file-names.ts'
import { readableSegment, scanOfSealed, scanSegment } from '../segment/segment-scan.ts'
import type { SegmentWriter } from '../segment/segment-writer.ts'
import { decodeLeaderEpochs, LEADER_EPOCH_CHECKPOINT, LeaderEpochs } from './leader-epoch-checkpoint.ts'
import type { LogEnvironment, LogIdentity } from './log-environment.ts'
import { recoverTail } from './log-recovery.ts'
import type { OpenedLog } from './partition-log.ts'
import { decodeProducerSnapshot } from './producer-snapshot.ts'
import { ProducerStates } from './producer-state.ts'
import { createSegmentWriter, SegmentList } from './segment-list.ts'

const FIRST_EPOCH = 0

/** Makes the directory of a new log. Durable, names included, when it resolves. */
export async function createLogFiles(environment: LogEnvironment, identity: LogIdentity): Promise<OpenedLog> {
  const { fs, clock } = environment
  const { directory } = identity
  fs.makeDirectory(directory)
  const epochs = new LeaderEpochs([{ epoch: FIRST_EPOCH, startOffset: 0 }])
  const active = createSegmentWriter(fs, directory, { baseOffset: 0, nowMs: clock.nowMs() })
  await writeFileAtomically(fs, `${directory}/${LEADER_EPOCH_CHECKPOINT}`, epochs.encode())
  // Last: a directory with this file is complete.
  await writeFileAtomically(
    fs,
    `${directory}/${PARTITION_METADATA}`,
    encodePartitionMetadata(identity.topicId),
  )
  recordMark(environment, identity, { active, epoch: FIRST_EPOCH, logStartOffset: 0 })
  const segments = new SegmentList({ fs, cache: environment.cache, directory }, { sealed: [], active })
  return { segments, producers: new ProducerStates(), epochs, logStartOffset: 0 }
}

/**
 * Opens a log that exists. After an unclean stop its end is recovered, what is kept is synced, and the leader epoch
 * rises by one, durably, before anything is served.
 */
export async function openLogFiles(
  environment: LogEnvironment,
  identity: LogIdentity,
  options: { config: LogConfig; wasCleanShutdown: boolean },
): Promise<OpenedLog> {
  const { fs, cache, marks } = environment
  const { directory } = identity
  const found = findSegments(environment, directory)
  const activeBase = found.at(-1)?.baseOffset
  if (activeBase === undefined) throw new StorageError('CORRUPT', directory, `${directory} holds no segment`)
  const epochs = readEpochs(environment, directory)
  const known = marks.get(identity.topicId, identity.partition)
  const producers = new ProducerStates()
  const sealed = found.slice(0, -1)
  await replaySealed(environment, sealed, { producers, activeBase })
  const tail = {
    directory,
    baseOffset: activeBase,
    syncedBytes: known?.mark.segmentBaseOffset === activeBase ? known.mark.position : 0,
    hasMachineRestarted: known === null || !known.isFromThisBoot,
    windowBytes: marks.previousWindowBytes ?? environment.limits.writeAheadWindowBytes,
    minEpoch: epochs.epochOf(activeBase),
  }
  const active = await recoverTail(environment, tail, options.config, ({ header }) => {
    if (header.producerId >= 0) producers.update(header, header.lastOffset)
  })
  if (known !== null && known.mark.nextOffset > active.nextOffset) {
    active.file.close()
    const seen = `${directory} ends at offset ${active.nextOffset}`
    throw new StorageError('CORRUPT', directory, `${seen}, and was synced up to ${known.mark.nextOffset}`)
  }
  const logStartOffset = Math.max(found[0]?.baseOffset ?? activeBase, known?.mark.logStartOffset ?? 0)
  if (!options.wasCleanShutdown) await raiseEpoch(environment, directory, epochs, active)
  recordMark(environment, identity, { active, epoch: epochs.latest, logStartOffset })
  const segments = new SegmentList({ fs, cache, directory }, { sealed, active })
  return { segments, producers, epochs, logStartOffset }
}

/** Live segments in offset order. Files that nobody here wrote are left alone, and said so. */
function findSegments(environment: LogEnvironment, directory: string): LogSegment[] {
  const segments: LogSegment[] = []
  for (const { name, kind, sizeBytes } of environment.fs.list(directory)) {
    const parsed = parseSegmentFileName(name)
    if (kind !== 'file' || parsed?.kind !== 'log' || parsed.stage !== 'live') continue
    segments.push(new LogSegment(directory, parsed.baseOffset, sizeBytes))
  }
  return segments.sort((a, b) => a.baseOffset - b.baseOffset)
}

function readEpochs(environment: LogEnvironment, directory: string): LeaderEpochs {
  const path = `${directory}/${LEADER_EPOCH_CHECKPOINT}`
  if (!environment.fs.exists(path)) return new LeaderEpochs([])
  const epochs = decodeLeaderEpochs(environment.fs.readFile(path))
  if (epochs === null) throw new StorageError('CORRUPT', path, `${path} is no leader epoch checkpoint`)
  return epochs
}

/** Producers of sealed segments come from the newest snapshot, and from the batches behind it. */
async function replaySealed(
  environment: LogEnvironment,
  sealed: readonly LogSegment[],
  { producers, activeBase }: { producers: ProducerStates; activeBase: number },
): Promise<void> {
  const bases = [...sealed.map((segment) => segment.baseOffset), activeBase]
  let fromIndex = 0
  for (let index = bases.length - 1; index >= 0; index--) {
    const entries = readSnapshot(environment, sealed[0]?.directory, bases[index])
    if (entries === null) continue
    for (const entry of entries) producers.restore(entry)
    fromIndex = index
    break
  }
  for (const segment of sealed.slice(fromIndex)) {
    const end = await scanSegment(
      readableSegment(segment, environment.cache),
      scanOfSealed(segment),
      ({ header }) => {
        if (header.producerId >= 0) producers.update(header, header.lastOffset)
      },
    )
    if (end.kind === 'end') continue
    const path = segment.path('log')
    throw new StorageError('CORRUPT', path, `${path} at byte ${end.position}: ${end.message}`)
  }
}

function readSnapshot(
  environment: LogEnvironment,
  directory: string | undefined,
  offset: number | undefined,
) {
  if (directory === undefined || offset === undefined) return null
  const path = `${directory}/${segmentFileName(offset, 'snapshot')}`
  return environment.fs.exists(path) ? decodeProducerSnapshot(environment.fs.readFile(path)) : null
}

async function raiseEpoch(
  environment: LogEnvironment,
  directory: string,
  epochs: LeaderEpochs,
  active: SegmentWriter,
): Promise<void> {
  await active.file.sync()
  epochs.assign({ epoch: epochs.latest + 1, startOffset: active.nextOffset })
  await writeFileAtomically(environment.fs, `${directory}/${LEADER_EPOCH_CHECKPOINT}`, epochs.encode())
}

function recordMark(
  { marks }: LogEnvironment,
  { topicId, partition }: LogIdentity,
  log: { active: SegmentWriter; epoch: number; logStartOffset: number },
): void {
  marks.record({
    topicId,
    partition,
    leaderEpoch: log.epoch,
    segmentBaseOffset: log.active.segment.baseOffset,
    position: log.active.segment.sizeBytes,
    nextOffset: log.active.nextOffset,
    logStartOffset: log.logStartOffset,
  })
}
