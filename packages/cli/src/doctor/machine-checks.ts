import { totalmem } from 'node:os'
import { type FileSystem, nodeFileSystem } from '@millrace/log-core'
import { describeError } from '../command-error.ts'
import { readTextFileIfThere } from '../files.ts'
import { formatSize } from '../output/units.ts'
import { nameOfRun } from '../terminal.ts'
import { broken, type Finding, good, warning } from './finding.ts'

const SYNCS = 20
const SYNC_BYTES = 4_096
/** A consumer SSD takes less than this; what takes more waits for a spinning disk, or for a network. */
const SLOW_SYNC_MS = 10
/** Each partition has a few files open. */
const FEW_FILES = 4_096
const LITTLE_SPACE_BYTES = 1024 ** 3
const LITTLE_MEMORY_BYTES = 512 * 1024 ** 2
/** File systems that keep nothing over a power loss, or cannot promise it. */
const UNSAFE: Readonly<Record<string, string>> = {
  tmpfs: 'it is memory',
  ramfs: 'it is memory',
  nfs: 'what is synced here may not be synced there',
  overlay: 'what lies beneath may not sync',
}

/** What a machine has for a broker. */
export interface Machine {
  readonly memoryBytes: number
  /** The limits of a process as Linux writes them; null elsewhere, where nothing is said of them. */
  readonly limits: string | null
}

/** The machine on which we run: what a broker here would find. */
export function thisMachine(): Machine {
  return { memoryBytes: totalmem(), limits: readTextFileIfThere('/proc/self/limits') }
}

export function checkMachine({ memoryBytes, limits }: Machine): Finding[] {
  const memory =
    memoryBytes < LITTLE_MEMORY_BYTES
      ? warning('memory', formatSize(memoryBytes), 'the page cache is what makes reading quick: give it more')
      : good('memory', formatSize(memoryBytes))
  return [memory, ...openFileLimit(limits)]
}

function openFileLimit(limits: string | null): Finding[] {
  const soft = Number(/^Max open files\s+(\d+)/m.exec(limits ?? '')?.[1])
  if (Number.isNaN(soft)) return []
  return [
    soft < FEW_FILES
      ? warning('open files', `at most ${soft}`, 'raise it before there are many partitions: ulimit -n 65536')
      : good('open files', `at most ${soft}`),
  ]
}

/** What is asked of a file system, and the clock by which a sync is measured. */
export interface Disk {
  readonly fs: Pick<FileSystem, 'exists' | 'statfsKind' | 'freeBytes' | 'open' | 'remove'>
  readonly nowMs: () => number
}

/** The disks of this machine. */
export function realDisk(): Disk {
  return { fs: nodeFileSystem(), nowMs: () => performance.now() }
}

/** The disk under a data directory: what file system it is, its space, and how long a sync takes. */
export async function checkDisk(dataDir: string, disk: Disk): Promise<Finding[]> {
  const { fs } = disk
  if (!fs.exists(dataDir))
    return [broken('data directory', `${dataDir} does not exist`, 'name an existing one with --data')]
  const kind = fs.statfsKind(dataDir)
  const reason = UNSAFE[kind]
  const freeBytes = fs.freeBytes(dataDir)
  return [
    reason === undefined
      ? good('file system', kind)
      : warning(
          'file system',
          `${kind}: ${reason}`,
          'acknowledged records may be lost with the power: use a local disk',
        ),
    freeBytes < LITTLE_SPACE_BYTES
      ? warning('disk space', `${formatSize(freeBytes)} free`, 'make room, or lower retention.bytes')
      : good('disk space', `${formatSize(freeBytes)} free`),
    await checkSync(dataDir, disk),
  ]
}

/** A file system that refuses to sync can keep no promise. */
async function checkSync(dataDir: string, disk: Disk): Promise<Finding> {
  try {
    return await syncTime(dataDir, disk)
  } catch (error) {
    return broken(
      'sync',
      describeError(error),
      'nothing can be promised here: use a local disk that this user may write',
    )
  }
}

async function syncTime(dataDir: string, { fs, nowMs }: Disk): Promise<Finding> {
  const path = `${dataDir}/.millrace-doctor-${nameOfRun()}`
  const file = fs.open(path, 'create')
  try {
    const times: number[] = []
    for (let i = 0; i < SYNCS; i++) {
      file.appendSync([Buffer.alloc(SYNC_BYTES)])
      const startMs = nowMs()
      await file.sync()
      times.push(nowMs() - startMs)
    }
    const median = times.sort((a, b) => a - b)[SYNCS >> 1] ?? 0
    const seen = `${median.toFixed(2)} ms (median of ${SYNCS}), ${(times.at(-1) ?? 0).toFixed(2)} ms at most`
    if (median <= SLOW_SYNC_MS) return good('sync', seen)
    return warning('sync', seen, 'acks=all waits for it: use a disk that syncs faster, or batch more')
  } finally {
    file.close()
    fs.remove(path)
  }
}
