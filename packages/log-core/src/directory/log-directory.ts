import { randomBytes } from 'node:crypto'
import process from 'node:process'
import { writeFileAtomically } from '../fs/atomic-file.ts'
import type { DirectoryLock, FileSystem } from '../fs/file-system.ts'
import { StorageError } from '../fs/storage-error.ts'
import type { LogEnvironment, LogIdentity } from '../log/log-environment.ts'
import type { ScrubResult } from '../log/log-maintenance.ts'
import { createLogFiles, openLogFiles } from '../log/open-log.ts'
import { PartitionLog } from '../log/partition-log.ts'
import type { PlantedBugs } from '../log/planted-bugs.ts'
import { type StorageLogger, silentLogger } from '../log/storage-logger.ts'
import { TailCacheBudget } from '../log/tail-cache.ts'
import {
  checkLogLimits,
  DEFAULT_LOG_CONFIG,
  DEFAULT_LOG_LIMITS,
  type LogConfig,
  type LogLimits,
} from '../log-config.ts'
import { OpenFilePool } from '../segment/reopening-file.ts'
import { SegmentCache } from '../segment/segment-cache.ts'
import {
  deletedDirectoryName,
  isDeletedDirectoryName,
  parsePartitionDirectoryName,
  partitionDirectoryName,
} from '../segment/segment-file-names.ts'
import { SegmentIndexes } from '../segment/segment-indexes.ts'
import type { Clock } from '../time/clock.ts'
import {
  CLEAN_SHUTDOWN,
  decodeCleanShutdown,
  encodeCleanShutdown,
  markOfCleanLog,
  parseCleanLog,
} from './clean-shutdown.ts'
import { type CompactedLog, compactLogs, type DirectoryCompactionOptions } from './directory-compaction.ts'
import { checkIsOurs, readOrCreateMeta } from './directory-meta.ts'
import { FileRemover } from './file-remover.ts'
import type { MetaProperties } from './meta-properties.ts'
import { decodePartitionMetadata, PARTITION_METADATA } from './partition-metadata.ts'
import { SharedDirectorySync } from './shared-directory-sync.ts'
import { type NewMark, SyncMarks } from './sync-marks.ts'

const ID_BYTES = 16
const SLOWEST_SCRUB_BYTES_PER_SECOND = 1024 * 1024

export interface LogDirectoryOptions {
  readonly clock: Clock
  readonly defaultConfig?: LogConfig
  /** Of a new directory, 0 when left out; an existing one must have been written by the same node. */
  readonly nodeId?: number
  /** Of a new directory; made up when left out. Must be the same afterwards. */
  readonly clusterId?: string
  readonly logger?: StorageLogger
  readonly writeAheadWindowBytes?: number
  readonly limits?: Partial<LogLimits>
  /** For simulations only. */
  readonly plantedBugs?: PlantedBugs
  /** Where ids come from; a simulation passes its own. */
  readonly randomBytes?: (count: number) => Buffer
}

/** One partition that lies in a data directory. */
export interface PartitionDirectory {
  readonly topic: string
  readonly partition: number
  readonly topicId: string
}

export interface OpenLogRequest extends PartitionDirectory {
  readonly config?: LogConfig
}

/** A data directory: many logs, one lock, one file of sync marks. */
export class LogDirectory {
  readonly path: string
  readonly clusterId: string
  readonly nodeId: number
  readonly directoryId: string
  readonly wasCleanShutdown: boolean
  readonly #environment: LogEnvironment
  readonly #lock: DirectoryLock
  readonly #defaultConfig: LogConfig
  readonly #randomBytes: (count: number) => Buffer
  readonly #logs = new Map<string, PartitionLog>()
  readonly #opening = new Set<string>()
  /** What the last clean stop said of logs that have not been opened since: it stays true. Text: see `CleanShutdown`. */
  readonly #cleanLogs: Map<string, string>
  /** By directory name. While the lock is held nobody else changes them. */
  readonly #topicIds: Map<string, string>
  #closing: Promise<void> | null = null

  private constructor(
    parts: { environment: LogEnvironment; lock: DirectoryLock; path: string; clean: CleanLogs | null },
    meta: MetaProperties,
    options: LogDirectoryOptions,
  ) {
    this.path = parts.path
    this.clusterId = meta.clusterId
    this.nodeId = meta.nodeId
    this.directoryId = meta.directoryId
    this.wasCleanShutdown = parts.clean !== null
    this.#cleanLogs = parts.clean?.texts ?? new Map()
    this.#topicIds = parts.clean?.topicIds ?? new Map()
    this.#environment = parts.environment
    this.#lock = parts.lock
    this.#defaultConfig = options.defaultConfig ?? DEFAULT_LOG_CONFIG
    this.#randomBytes = options.randomBytes ?? randomBytes
  }

  /**
   * Takes the lock and reads what belongs to the directory as a whole; logs are opened one by one.
   *
   * @throws StorageError LOCKED, NOT_OURS, UNSUPPORTED_FORMAT, or what the disk said
   */
  static async open(fs: FileSystem, path: string, options: LogDirectoryOptions): Promise<LogDirectory> {
    const limits = { ...DEFAULT_LOG_LIMITS, ...options.limits }
    const windowBytes = options.writeAheadWindowBytes ?? limits.writeAheadWindowBytes
    checkLogLimits(limits)
    checkIsOurs(fs, path)
    fs.makeDirectory(path)
    warnAboutFileSystem(fs, path, options.logger ?? silentLogger)
    const holder = { pid: process.pid, bootId: fs.bootId(), startedAtMs: options.clock.nowMs() }
    const lock = fs.lockDirectory(path, holder)
    try {
      const random = options.randomBytes ?? randomBytes
      const expected = { nodeId: options.nodeId, clusterId: options.clusterId, randomBytes: random }
      const meta = await readOrCreateMeta(fs, path, expected)
      const clean = readCleanShutdown(fs, path)
      const { clock, logger = silentLogger, plantedBugs = {} } = options
      const place = { fs, clock, directory: path, windowBytes }
      const marks = await SyncMarks.open(place, clean?.marks)
      await removeCleanShutdown(fs, path)
      const cache = new SegmentCache(fs, limits)
      const environment: LogEnvironment = {
        fs,
        clock,
        limits: { ...limits, writeAheadWindowBytes: windowBytes },
        cache,
        indexes: new SegmentIndexes(fs, cache),
        activeFiles: new OpenFilePool(limits.maxOpenActiveFiles),
        tailBudget: new TailCacheBudget(limits.tailCacheBytesInAll),
        marks,
        names: new SharedDirectorySync(fs, path),
        remover: new FileRemover(fs, clock, logger),
        logger,
        plantedBugs,
        isPageCacheFresh: lock.previousHolder !== null && lock.previousHolder.bootId !== holder.bootId,
      }
      return new LogDirectory({ environment, lock, path, clean }, meta, options)
    } catch (error) {
      lock.release()
      throw error
    }
  }

  /** What lies there. A directory that names no topic id is not one to serve: see `strayDirectories`. */
  partitionDirectories(): PartitionDirectory[] {
    return this.#directories().flatMap(({ parsed, topicId }) =>
      parsed === null || topicId === null ? [] : [{ ...parsed, topicId }],
    )
  }

  /** Names of directories that are no partition's, or of no known topic: reported, and left alone. */
  strayDirectories(): string[] {
    return this.#directories().flatMap(({ name, topicId }) => (topicId === null ? [name] : []))
  }

  #directories(): {
    name: string
    parsed: { topic: string; partition: number } | null
    topicId: string | null
  }[] {
    const { fs } = this.#environment
    return this.#directoryNames().flatMap((name) => {
      if (isDeletedDirectoryName(name)) return []
      const parsed = parsePartitionDirectoryName(name)
      const topicId =
        this.#topicIds.get(name) ?? (parsed === null ? null : readTopicId(fs, `${this.path}/${name}`))
      if (topicId !== null) this.#topicIds.set(name, topicId)
      return [{ name, parsed, topicId }]
    })
  }

  /** Those that are known need not be looked at. */
  #directoryNames(): string[] {
    const { fs } = this.#environment
    const names = fs.listNames?.(this.path)
    const areAllKnown = names?.every(
      (name) => this.#topicIds.has(name) || parsePartitionDirectoryName(name) === null,
    )
    if (names !== undefined && areAllKnown === true)
      return names.filter((name) => this.#topicIds.has(name)).sort()
    return fs.list(this.path).flatMap(({ name, kind }) => (kind === 'directory' ? [name] : []))
  }

  /** Opens the log, recovering it when needed, or makes it when it does not exist. Durable when it resolves. */
  async openLog(request: OpenLogRequest): Promise<PartitionLog> {
    const name = partitionDirectoryName(request.topic, request.partition)
    if (this.#logs.has(name) || this.#opening.has(name)) {
      throw new StorageError('EEXIST', `${this.path}/${name}`, `${name} is open already`)
    }
    this.#opening.add(name)
    try {
      const log = await this.#openLog(request, `${this.path}/${name}`)
      this.#logs.set(name, log)
      return log
    } finally {
      this.#opening.delete(name)
    }
  }

  async #openLog(request: OpenLogRequest, directory: string): Promise<PartitionLog> {
    const { fs } = this.#environment
    const config = request.config ?? this.#defaultConfig
    const { topic, partition } = request
    const identity: LogIdentity = { topic, partition, topicId: request.topicId, directory }
    const name = partitionDirectoryName(topic, partition)
    const topicId = this.#topicIds.get(name) ?? (fs.exists(directory) ? ownerOf(fs, directory) : null)
    if (topicId !== null && topicId !== request.topicId) {
      const message = `${directory} belongs to topic id ${topicId}, expected ${request.topicId}`
      throw new StorageError('NOT_OURS', directory, message)
    }
    const cleanText = this.#cleanLogs.get(keyOf(request))
    const clean = cleanText === undefined ? null : parseCleanLog(cleanText)
    const opened =
      topicId === null
        ? await createLogFiles(this.#environment, identity)
        : await openLogFiles(this.#environment, identity, { config, clean })
    this.#cleanLogs.delete(keyOf(request))
    this.#topicIds.set(name, request.topicId)
    return new PartitionLog(this.#environment, identity, opened, config)
  }

  /** For a topic that is made: 22 characters, never given twice. */
  newTopicId(): string {
    return this.#randomBytes(ID_BYTES).toString('base64url')
  }

  /** Closes one log, which can be opened again. What it left is kept for the clean stop of the directory. */
  async closeLog(log: PartitionLog): Promise<void> {
    const clean = await log.close()
    this.#logs.delete(partitionDirectoryName(log.topic, log.partition))
    if (clean !== null) this.#cleanLogs.set(keyOf(clean), JSON.stringify(clean))
  }

  /** Closes the log and takes its directory away: renamed at once and durably, its files removed after a while. */
  async deleteLog(log: PartitionLog): Promise<void> {
    const { fs, marks, remover } = this.#environment
    await log.close()
    const name = partitionDirectoryName(log.topic, log.partition)
    this.#logs.delete(name)
    this.#topicIds.delete(name)
    this.#cleanLogs.delete(keyOf(log))
    marks.forget(log.topicId, log.partition)
    const unique = this.#randomBytes(ID_BYTES).toString('hex')
    const deleted = `${this.path}/${deletedDirectoryName(log.topic, log.partition, unique)}`
    fs.rename(log.directory, deleted)
    await fs.syncDirectory(this.path)
    remover.removeDirectory(deleted, log.config.fileDeleteDelayMs)
  }

  /** Removes, in the background, what earlier processes had no time to remove. */
  removeDeletedDirectories(): void {
    const { fs, remover } = this.#environment
    for (const { name, kind } of fs.list(this.path)) {
      if (kind === 'directory' && isDeletedDirectoryName(name))
        remover.removeDirectory(`${this.path}/${name}`, 0)
    }
  }

  /** Compacts the logs that are due, the dirtiest first, within a share of one core. Never rejects for one log's error. */
  compact(options: DirectoryCompactionOptions): Promise<CompactedLog[]> {
    const randomSeed = () => this.#randomBytes(4).readUInt32BE()
    const { logger } = this.#environment
    return compactLogs([...this.#logs.values()], { ...options, randomSeed, logger })
  }

  /**
   * One scrub over the sealed segments of all logs, one after the other: see `PartitionLog.scrub`. At the rate that
   * reads everything once in `periodMs`, and never slower than 1 MiB a second.
   */
  async scrub({ periodMs }: { periodMs: number }): Promise<ScrubResult> {
    const logs = [...this.#logs.values()]
    const totalBytes = logs.reduce((sum, log) => sum + log.sizeBytes, 0)
    const bytesPerSecond = Math.max(SLOWEST_SCRUB_BYTES_PER_SECOND, (totalBytes * 1_000) / periodMs)
    const sum = { segments: 0, bytes: 0, damages: [] as StorageError[] }
    for (const log of logs) {
      const { segments, bytes, damages } = await log.scrub({ bytesPerSecond })
      sum.segments += segments
      sum.bytes += bytes
      sum.damages.push(...damages)
    }
    return sum
  }

  /** Closes every log, says so durably, and gives the lock back. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const { fs, marks, cache, remover } = this.#environment
    remover.close()
    const logs = [...this.#logs.values()]
    const results = await Promise.allSettled(logs.map((log) => log.close()))
    try {
      await marks.close()
      const left = results.map((result) => (result.status === 'fulfilled' ? result.value : null))
      const leftTexts = left.flatMap((log) => (log === null ? [] : [JSON.stringify(log)]))
      // A log that is not in it is recovered at the next start; the others need not be.
      const bytes = encodeCleanShutdown({ logs: [...this.#cleanLogs.values(), ...leftTexts] })
      await writeFileAtomically(fs, `${this.path}/${CLEAN_SHUTDOWN}`, bytes)
    } finally {
      cache.close()
      this.#lock.release()
    }
  }
}

/** Kinds that forget what was synced: in memory, or told to. A network file system may, and locks little. */
const UNSAFE_FILE_SYSTEMS: ReadonlyMap<string, string> = new Map([
  ['tmpfs', 'keeps everything in memory'],
  ['ramfs', 'keeps everything in memory'],
  ['overlay-volatile', 'ignores every sync'],
  ['nfs', 'is on the network: locks and syncs may not hold'],
  ['cifs', 'is on the network: locks and syncs may not hold'],
  ['smb', 'is on the network: locks and syncs may not hold'],
  ['smb2', 'is on the network: locks and syncs may not hold'],
  ['9p', 'is on another machine: locks and syncs may not hold'],
])

function warnAboutFileSystem(fs: FileSystem, path: string, logger: StorageLogger): void {
  const kind = fs.statfsKind(path)
  const reason = UNSAFE_FILE_SYSTEMS.get(kind)
  if (reason !== undefined) logger.warn({ path, kind }, `${path} lies on ${kind}, which ${reason}`)
}

/** What the last holder said when it closed everything. */
/** What the directory needs of all logs that a clean stop left, each read once. */
interface CleanLogs {
  readonly marks: readonly NewMark[]
  /** By topic id and partition, as they stand in the file. */
  readonly texts: Map<string, string>
  /** By directory name. */
  readonly topicIds: Map<string, string>
}

function readCleanShutdown(fs: FileSystem, path: string): CleanLogs | null {
  const file = `${path}/${CLEAN_SHUTDOWN}`
  const shutdown = fs.exists(file) ? decodeCleanShutdown(fs.readFile(file)) : null
  if (shutdown === null) return null
  const texts = new Map<string, string>()
  const topicIds = new Map<string, string>()
  const marks = shutdown.logs.map((text) => {
    const log = parseCleanLog(text)
    texts.set(keyOf(log), text)
    topicIds.set(partitionDirectoryName(log.topic, log.partition), log.topicId)
    return markOfCleanLog(log)
  })
  return { marks, texts, topicIds }
}

/** Durably, before a log is opened: what is written from now on may be torn. */
async function removeCleanShutdown(fs: FileSystem, path: string): Promise<void> {
  const file = `${path}/${CLEAN_SHUTDOWN}`
  if (!fs.exists(file)) return
  fs.remove(file)
  await fs.syncDirectory(path)
}

function keyOf({ topicId, partition }: { topicId: string; partition: number }): string {
  return `${topicId}/${partition}`
}

/** Null when the directory was never completed. Its metadata was written in one step, so a broken one is rot. */
function ownerOf(fs: FileSystem, directory: string): string | null {
  const topicId = readTopicId(fs, directory)
  const path = `${directory}/${PARTITION_METADATA}`
  if (topicId !== null || !fs.exists(path)) return topicId
  throw new StorageError(
    'CORRUPT',
    path,
    `${path} names no topic id; expected "topic_id: " and 22 characters`,
  )
}

function readTopicId(fs: FileSystem, directory: string): string | null {
  const path = `${directory}/${PARTITION_METADATA}`
  return fs.exists(path) ? decodePartitionMetadata(fs.readFile(path)) : null
}
