import {
  deletedDirectoryName,
  type FileSystem,
  type LogDirectory,
  type PartitionDirectory,
  partitionDirectoryName,
} from '@millrace/log-core'
import { ConcurrencyLimit } from '../partition/concurrency-limit.ts'
import type { Partition } from '../partition/partition.ts'

export interface TopicDirectoriesOptions {
  readonly fs: FileSystem
  readonly dataDir: string
  readonly logDirectory: LogDirectory
  readonly randomBytes: (count: number) => Buffer
}

/** How many topics' files are taken away at once: removal must leave the disk to those who write. */
const REMOVAL_CONCURRENCY = 4

/**
 * The directories behind the topics. They follow the catalog, by topic id and never by name: a topic that was made
 * again has the same name and another id.
 */
export class TopicDirectories {
  readonly #options: TopicDirectoriesOptions
  readonly #removing = new ConcurrencyLimit(REMOVAL_CONCURRENCY)
  #isClosing = false

  constructor(options: TopicDirectoriesOptions) {
    this.#options = options
  }

  /** Takes away what is left of deleted topics, and returns what is there then. The files themselves go later. */
  async removeLeftovers(deletedTopicIds: ReadonlySet<string>): Promise<readonly PartitionDirectory[]> {
    const { dataDir, fs, logDirectory } = this.#options
    const kept: PartitionDirectory[] = []
    let isRenamed = false
    for (const directory of logDirectory.partitionDirectories()) {
      if (deletedTopicIds.has(directory.topicId)) {
        this.#markDeleted(directory)
        isRenamed = true
      } else {
        kept.push(directory)
      }
    }
    if (isRenamed) await fs.syncDirectory(dataDir)
    logDirectory.removeDeletedDirectories()
    return kept
  }

  /** Takes the files of a deleted topic away. False: the broker closes, and the next start does it. */
  removeTopic(topicId: string, partitions: readonly Partition[]): Promise<boolean> {
    return this.#removing.run(async () => {
      const { logDirectory } = this.#options
      let isComplete = true
      for (const { log } of partitions) {
        if (this.#isClosing) return false
        if (log === null) isComplete = false
        else await logDirectory.deleteLog(log)
      }
      // What could not be opened has to be looked for.
      if (!isComplete) await this.removeLeftovers(new Set([topicId]))
      return true
    })
  }

  /** From here on nothing more is removed. */
  close(): void {
    this.#isClosing = true
  }

  /** A removal that a crash interrupts must not leave half a partition under its name. */
  #markDeleted({ topic, partition }: PartitionDirectory): void {
    const { dataDir, fs, randomBytes } = this.#options
    const deleted = deletedDirectoryName(topic, partition, randomBytes(16).toString('hex'))
    fs.rename(`${dataDir}/${partitionDirectoryName(topic, partition)}`, `${dataDir}/${deleted}`)
  }
}
