import { recoverSwaps } from '../compaction/swap-recovery.ts'
import type { CleanLog } from '../directory/clean-shutdown.ts'
import { encodePartitionMetadata, PARTITION_METADATA } from '../directory/partition-metadata.ts'
import type { SyncMark } from '../directory/sync-mark-record.ts'
import { writeFilesAtomically } from '../fs/atomic-file.ts'
import { StorageError } from '../fs/storage-error.ts'
import type { LogConfig } from '../log-config.ts'
import { LogSegment } from '../segment/log-segment.ts'
import type { SegmentWriter } from '../segment/segment-writer.ts'
import { type ResumedLog, resumeLog } from './clean-start.ts'
import { EpochCheckpoint } from './epoch-checkpoint.ts'
import { readLeaderEpochs } from './epoch-recovery.ts'
import { LEADER_EPOCH_CHECKPOINT, LeaderEpochs } from './leader-epoch-checkpoint.ts'
import type { LogEnvironment, LogIdentity } from './log-environment.ts'
import { type LogInventory, reportStrays, takeInventory } from './log-inventory.ts'
import type { OpenedLog } from './log-session.ts'
import { recoverProducers, replayBatch } from './producer-recovery.ts'
import { ProducerSnapshots } from './producer-snapshots.ts'
import { ProducerStates } from './producer-state.ts'
import { sealUnsealedSegments } from './sealed-recovery.ts'
import { createSegmentWriter, SegmentList } from './segment-list.ts'
import { removeSegments } from './segment-removal.ts'
import { recoverTail } from './tail-recovery.ts'

const FIRST_EPOCH = 0

/** Makes the directory of a new log. Durable, names included, when it resolves. */
export async function createLogFiles(environment: LogEnvironment, identity: LogIdentity): Promise<OpenedLog> {
  const { fs, clock, names } = environment
  const { directory } = identity
  fs.addDirectory(directory)
  const named = names.sync()
  // Awaited below: until then its failure is nobody's surprise.
  named.catch(() => {})
  const epochs = new LeaderEpochs([{ epoch: FIRST_EPOCH, startOffset: 0 }])
  const active = createSegmentWriter(environment, directory, { baseOffset: 0, nowMs: clock.nowMs() })
  // After a crash any of them may be missing. Without the metadata the log is made anew, with it the rest is built again.
  await writeFilesAtomically(fs, directory, {
    [LEADER_EPOCH_CHECKPOINT]: epochs.encode(),
    [PARTITION_METADATA]: encodePartitionMetadata(identity.topicId),
  })
  const checkpoint = new EpochCheckpoint({ fs, directory }, epochs, true)
  await named
  recordMark(environment, identity, { active, epoch: FIRST_EPOCH, logStartOffset: 0 })
  const snapshots = new ProducerSnapshots(fs, directory)
  const segments = new SegmentList(environment, { directory, snapshots }, { sealed: [], active })
  return { segments, producers: new ProducerStates(), checkpoint, logStartOffset: 0, isSizeUncertain: false }
}

/**
 * Opens a log that exists. After an unclean stop its end is recovered, what is kept is synced, and the leader epoch
 * rises by one, durably, before anything is served.
 *
 * Throws StorageError CORRUPT when bytes that were synced are damaged or gone; then nothing was changed.
 */
export async function openLogFiles(
  environment: LogEnvironment,
  identity: LogIdentity,
  options: { config: LogConfig; clean: CleanLog | null },
): Promise<OpenedLog> {
  const resumed = options.clean === null ? null : resumeLog(environment, identity, options.clean)
  if (resumed !== null && options.clean !== null) return goOn(environment, identity, resumed, options.clean)
  const { fs, marks } = environment
  const { directory } = identity
  const known = marks.get(identity.topicId, identity.partition)
  const inventory = await recoverSwaps(environment, directory, takeInventory(fs, directory))
  reportStrays(environment.logger, directory, inventory)
  const files = segmentsOf(inventory, directory, known?.mark)
  const epochs = await readLeaderEpochs(environment, directory, [...files.sealed, files.activeSegment])
  const snapshots = new ProducerSnapshots(fs, directory, inventory.snapshotOffsets)
  const found = { ...files, inventory, epochs, snapshots }
  const recovered = await recoverByWalking(environment, identity, found, options)
  try {
    return await settle(environment, identity, { ...found, ...recovered }, options.clean !== null)
  } catch (error) {
    recovered.active.file.close()
    throw error
  }
}

/** After a clean stop nothing has to be read, and nothing to be made durable: the marks know already. */
function goOn(
  environment: LogEnvironment,
  identity: LogIdentity,
  log: ResumedLog,
  clean: CleanLog,
): OpenedLog {
  const { active, sealed, epochs, producers, snapshots, crcs } = log
  const { directory } = identity
  const segments = new SegmentList(
    environment,
    { directory, snapshots },
    { sealed, active, resumedCrcs: crcs },
  )
  const checkpoint = new EpochCheckpoint({ fs: environment.fs, directory }, epochs, true)
  return { segments, producers, checkpoint, logStartOffset: clean.logStartOffset, isSizeUncertain: false }
}

interface FoundLog {
  readonly inventory: LogInventory
  readonly obsolete: readonly LogSegment[]
  readonly sealed: LogSegment[]
  readonly activeSegment: LogSegment
  readonly epochs: LeaderEpochs
  readonly snapshots: ProducerSnapshots
}

interface RecoveredLog {
  readonly active: SegmentWriter
  readonly producers: ProducerStates
  /** So much of the active segment was synced before it was opened. */
  readonly syncedBytes: number
}

async function recoverByWalking(
  environment: LogEnvironment,
  identity: LogIdentity,
  { obsolete, sealed, activeSegment, inventory, epochs, snapshots }: FoundLog,
  { config, clean }: { config: LogConfig; clean: CleanLog | null },
): Promise<RecoveredLog> {
  const { marks, limits, clock } = environment
  const activeBase = activeSegment.baseOffset
  const known = marks.get(identity.topicId, identity.partition)
  await sealUnsealedSegments(environment, { sealed, sealedBases: inventory.sealedBases, activeBase, config })
  const producers = await recoverProducers(environment, snapshots, { obsolete, sealed, activeBase })
  const syncedBytes = syncedBytesOf(environment, activeSegment, { mark: known?.mark, clean })
  const tail = {
    directory: identity.directory,
    baseOffset: activeBase,
    syncedBytes,
    hasMachineRestarted: known === null || !known.isFromThisBoot,
    isPageCacheFresh: environment.isPageCacheFresh,
    windowBytes: marks.previousWindowBytes ?? limits.writeAheadWindowBytes,
    epochs,
    nowMs: clock.nowMs(),
  }
  const active = await recoverTail(environment, tail, config, ({ header }) => replayBatch(producers, header))
  return { active, producers, syncedBytes }
}

/** All that is kept is known to be good: now it may be changed, and made durable. */
async function settle(
  environment: LogEnvironment,
  identity: LogIdentity,
  log: FoundLog & RecoveredLog,
  isClean: boolean,
): Promise<OpenedLog> {
  const { marks, names, plantedBugs, fs } = environment
  const { directory, topicId, partition } = identity
  const { active, sealed, epochs, producers, snapshots } = log
  const mark = marks.get(topicId, partition)?.mark
  const firstBase = sealed[0]?.baseOffset ?? active.segment.baseOffset
  const logStartOffset = Math.max(firstBase, mark?.logStartOffset ?? 0)
  environment.remover.removeFiles(
    log.inventory.leftovers.map((name) => `${directory}/${name}`),
    0,
  )
  if (log.obsolete.length > 0) await removeSegments(environment, log.obsolete, 0)
  snapshots.removeAbove(active.nextOffset)
  const mustRaise = !isClean || epochs.latest < Math.max(mark?.leaderEpoch ?? 0, FIRST_EPOCH)
  // The process before may have died, or a roll failed, between making a name and syncing it; the mark relies on it.
  await fs.syncDirectory(directory)
  // This process may have made the log and failed to make the name of its directory durable.
  await names.settle()
  if (mustRaise) {
    // What a sync had covered needs none. The size may be one that an earlier attempt cut and could not sync: see
    // `isSizeUncertain`.
    if (active.segment.sizeBytes > log.syncedBytes) await active.file.fullSync()
    const epoch = Math.max(epochs.latest, mark?.leaderEpoch ?? -1) + (plantedBugs.keepsEpoch ? 0 : 1)
    if (epoch > epochs.latest) epochs.assign({ epoch, startOffset: active.nextOffset })
  }
  recordMark(environment, identity, { active, epoch: epochs.latest, logStartOffset })
  if (mustRaise) await marks.durable()
  const segments = new SegmentList(environment, { directory, snapshots }, { sealed, active })
  const known = plantedBugs.forgetsProducers ? new ProducerStates() : producers
  const checkpoint = new EpochCheckpoint({ fs, directory }, epochs, !mustRaise)
  return { segments, producers: known, checkpoint, logStartOffset, isSizeUncertain: true }
}

/**
 * The last segment is the active one, whether it was about to be sealed or not. Those that lie wholly before the log's
 * start are what an interrupted retention left: they need not even join up.
 */
function segmentsOf(
  inventory: LogInventory,
  directory: string,
  mark: SyncMark | undefined,
): { obsolete: LogSegment[]; sealed: LogSegment[]; activeSegment: LogSegment } {
  const { segments } = inventory
  const activeSegment = segments.at(-1) ?? new LogSegment(directory, 0, 0)
  if (mark !== undefined && mark.segmentBaseOffset > activeSegment.baseOffset) {
    const seen = `${directory} ends with segment ${activeSegment.baseOffset}`
    const expected = `segment ${mark.segmentBaseOffset}, synced up to offset ${mark.nextOffset}`
    throw new StorageError('CORRUPT', directory, `${seen}; expected ${expected}. Nothing was changed`)
  }
  const startOffset = mark?.logStartOffset ?? 0
  const [firstSegment = activeSegment] = segments
  // The beginning is durable before anything in front of it is removed, so a log never begins behind it.
  if (mark !== undefined && firstSegment.baseOffset > startOffset) {
    const seen = `${directory} begins with segment ${firstSegment.baseOffset}`
    const message = `${seen}; expected one that holds offset ${startOffset}. Nothing was changed`
    throw new StorageError('CORRUPT', directory, message)
  }
  const kept = segments.findIndex((_, index) => (segments[index + 1]?.baseOffset ?? Infinity) > startOffset)
  const firstKept = Math.max(0, kept)
  return { obsolete: segments.slice(0, firstKept), sealed: segments.slice(firstKept, -1), activeSegment }
}

/**
 * S of the durability rules, for the last segment: the highest of its mark, its seal and what a clean stop says. Each may
 * speak of an earlier segment: a roll that failed half way leaves an empty one behind it.
 */
function syncedBytesOf(
  environment: LogEnvironment,
  segment: LogSegment,
  { mark, clean }: { mark: SyncMark | undefined; clean: CleanLog | null },
): number {
  const left = clean?.active.baseOffset === segment.baseOffset ? clean.active.sizeBytes : 0
  const marked = mark?.segmentBaseOffset === segment.baseOffset ? mark.position : 0
  const sealed = environment.indexes.seal(segment)?.sizeBytes ?? 0
  return Math.max(marked, sealed, left)
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
