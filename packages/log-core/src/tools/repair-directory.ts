import process from 'node:process'
import { checkIsOurs } from '../directory/directory-meta.ts'
import { decodePartitionMetadata, PARTITION_METADATA } from '../directory/partition-metadata.ts'
import { readSyncMarks } from '../directory/sync-marks.ts'
import type { FileSystem } from '../fs/file-system.ts'
import { parsePartitionDirectoryName } from '../segment/segment-file-names.ts'
import { type RepairStep, repairPartition } from './repair-partition.ts'
import { type PartitionReport, verifyPartition } from './verify-partition.ts'

/** Which partitions of a data directory are looked at: all of them, or those with these directory names. */
export interface DirectoryToolOptions {
  readonly partitions?: readonly string[]
  readonly nowMs: number
}

/** Walks the files of every partition. The lock is held meanwhile, so no log of the directory may be open. */
export async function* verifyDirectory(
  fs: FileSystem,
  path: string,
  options: DirectoryToolOptions,
): AsyncGenerator<PartitionReport, void, void> {
  const lock = lockForTool(fs, path, options.nowMs)
  try {
    for (const { directory } of partitionsOf(fs, path, options)) yield await verifyPartition(fs, directory)
  } finally {
    lock.release()
  }
}

/** What a repair did, or would do, to one partition. */
export interface RepairedPartition {
  readonly directory: string
  readonly report: PartitionReport
  readonly steps: readonly RepairStep[]
}

/** Repairs every partition that needs it: see `repairPartition`. Says what it would do, unless it `isExecuted`. */
export async function* repairDirectory(
  fs: FileSystem,
  path: string,
  options: DirectoryToolOptions & { readonly isExecuted?: boolean },
): AsyncGenerator<RepairedPartition, void, void> {
  const lock = lockForTool(fs, path, options.nowMs)
  try {
    const marks = readSyncMarks(fs, path)
    for (const { directory, partition } of partitionsOf(fs, path, options)) {
      const metadataPath = `${directory}/${PARTITION_METADATA}`
      const topicId = fs.exists(metadataPath) ? decodePartitionMetadata(fs.readFile(metadataPath)) : null
      const syncedUpTo = marks.get(`${topicId}/${partition}`)?.nextOffset ?? 0
      const { nowMs, isExecuted = false } = options
      const { before, steps } = await repairPartition(fs, directory, { nowMs, isExecuted, syncedUpTo })
      yield { directory, report: before, steps }
    }
  } finally {
    lock.release()
  }
}

function lockForTool(fs: FileSystem, path: string, nowMs: number) {
  checkIsOurs(fs, path)
  return fs.lockDirectory(path, { pid: process.pid, bootId: fs.bootId(), startedAtMs: nowMs })
}

function partitionsOf(
  fs: FileSystem,
  path: string,
  { partitions }: DirectoryToolOptions,
): { directory: string; partition: number }[] {
  return fs.list(path).flatMap(({ name, kind }) => {
    const parsed = kind === 'directory' ? parsePartitionDirectoryName(name) : null
    const isWanted = partitions === undefined || partitions.includes(name)
    return parsed !== null && isWanted ? [{ directory: `${path}/${name}`, partition: parsed.partition }] : []
  })
}
