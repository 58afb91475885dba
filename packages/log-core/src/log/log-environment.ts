import type { FileRemover } from '../directory/file-remover.ts'
import type { SharedDirectorySync } from '../directory/shared-directory-sync.ts'
import type { SyncMarks } from '../directory/sync-marks.ts'
import type { FileSystem } from '../fs/file-system.ts'
import type { LogLimits } from '../log-config.ts'
import type { OpenFilePool } from '../segment/reopening-file.ts'
import type { SegmentCache } from '../segment/segment-cache.ts'
import type { SegmentIndexes } from '../segment/segment-indexes.ts'
import type { Clock } from '../time/clock.ts'
import type { PlantedBugs } from './planted-bugs.ts'
import type { StorageLogger } from './storage-logger.ts'
import type { TailCacheBudget } from './tail-cache.ts'

/** What all logs of one data directory share. */
export interface LogEnvironment {
  readonly fs: FileSystem
  readonly clock: Clock
  readonly limits: LogLimits
  readonly cache: SegmentCache
  readonly indexes: SegmentIndexes
  readonly activeFiles: OpenFilePool
  readonly tailBudget: TailCacheBudget
  readonly marks: SyncMarks
  /** Of the data directory, in which the logs have their directories. */
  readonly names: SharedDirectorySync
  readonly remover: FileRemover
  readonly logger: StorageLogger
  readonly plantedBugs: PlantedBugs
  /** This is the first process since the machine started: what it reads comes from the disk. False when unknown. */
  readonly isPageCacheFresh: boolean
}

/** Which log, and where it lies. */
export interface LogIdentity {
  readonly topic: string
  readonly partition: number
  /** 22 characters of base64url, as Kafka writes it. */
  readonly topicId: string
  readonly directory: string
}
