import { buildBatch, readBatchHeader, scanBatches } from '@millrace/record-batch'
import {
  type Clock,
  DEFAULT_LOG_CONFIG,
  type FileSystem,
  LogDirectory,
  memoryFileSystem,
  type PartitionLog,
  StorageError,
} from '../src/index.ts'
import { readAll } from '../src/testing/log-fixtures.ts'

/** How a directory was left: after `close`, or by a process that was killed with everything synced. */
export type LeftBy = 'clean stop' | 'kill'

/** A data directory as files, and what it holds. Everything in it was synced, so nothing may be missing from it. */
export interface WholeDirectory {
  readonly files: ReadonlyMap<string, Buffer>
  /** What `observe` sees of it. */
  readonly content: string
}

/** Nothing here waits for time, and the file system in memory answers at once. */
const CLOCK: Clock = {
  nowMs: () => 1_000_000,
  monotonicMs: () => 0,
  endOfTurn: (run) => void setImmediate(run),
  after: (_, run) => {
    const soon = setImmediate(run)
    return { cancel: () => clearImmediate(soon) }
  },
}
const TOPIC = { topic: 't', partition: 0, topicId: 'AAAAAAAAAAAAAAAAAAAAAQ' }

/** A log with every kind of file: sealed segments with their indexes and seals, snapshots, two epochs, a log start. */
export async function writeWhole(
  leftBy: LeftBy,
  { batches, segmentBytes }: { batches: number; segmentBytes: number },
): Promise<WholeDirectory> {
  const config = { ...DEFAULT_LOG_CONFIG, segmentBytes, indexIntervalBytes: 100 }
  const fs = memoryFileSystem()
  let directory = await open(fs)
  let log = await directory.openLog({ ...TOPIC, config })
  await append(log, { from: 0, batches: batches >> 1 })
  await log.truncateBefore(2)
  await directory.close()
  fs.remove('/data/clean-shutdown')
  directory = await open(fs)
  log = await directory.openLog({ ...TOPIC, config })
  await append(log, { from: batches >> 1, batches: batches - (batches >> 1) })
  await log.flush()
  if (leftBy === 'clean stop') await directory.close()
  // The marks of the last sync reach their file behind it.
  else await new Promise((resolve) => setTimeout(resolve, 30))
  const files = readFiles(fs, '/data')
  const content = await observe(diskOf(files))
  return { files, content }
}

async function append(
  log: PartitionLog,
  { from, batches }: { from: number; batches: number },
): Promise<void> {
  for (let number = from; number < from + batches; number++) {
    const records = [0, 1].map((index) => ({
      key: `key ${number % 3}`,
      value: `value ${2 * number + index}`,
      timestampMs: 1_000 * number,
    }))
    const batch = buildBatch(records, { producerId: 7, producerEpoch: 0, baseSequence: 2 * number })
    const outcome = log.append(batch, readBatchHeader(batch), { durability: 'synced' })
    if (outcome.kind !== 'appended') throw new Error(outcome.kind)
    await outcome.committed
  }
}

/** A machine with these files. */
export function diskOf(files: ReadonlyMap<string, Buffer>): FileSystem {
  const fs = memoryFileSystem()
  const made = new Set<string>()
  for (const [path, bytes] of files) {
    const directory = path.slice(0, path.lastIndexOf('/'))
    if (!made.has(directory)) fs.makeDirectory(directory)
    made.add(directory)
    const file = fs.open(path, 'create')
    file.appendSync([bytes])
  }
  return fs
}

/**
 * Everything that the next process serves: records with their offsets, look-ups by time, producers. A file that is not
 * what it was may be refused, which reads as the code of a StorageError; any other error is one of ours.
 */
export async function observe(fs: FileSystem): Promise<string> {
  try {
    const directory = await open(fs)
    try {
      const log = await directory.openLog(TOPIC)
      const records = await readAll(log)
      const times = await Promise.all(
        [0, 3_000, 5_500].map((timestampMs) => log.offsetForTimestamp(timestampMs)),
      )
      const producers = [...log.producerStates()].map(({ producerId, epoch, batches }) => [
        producerId,
        epoch,
        batches,
      ])
      const offsets = times.map((found) => found?.offset)
      return JSON.stringify({ start: log.logStartOffset, end: log.logEndOffset, records, offsets, producers })
    } finally {
      await directory.close()
    }
  } catch (error) {
    if (error instanceof StorageError) return error.code
    throw error
  }
}

function open(fs: FileSystem): Promise<LogDirectory> {
  const limits = { tailCacheBytesPerLog: 0 }
  return LogDirectory.open(fs, '/data', { clock: CLOCK, defaultConfig: DEFAULT_LOG_CONFIG, limits })
}

/** The batches of the directory that are in none of the files of `fs` any more. `except` lies in the damaged one. */
export function missingBatches(
  whole: WholeDirectory,
  fs: FileSystem,
  except: { readonly path: string; readonly position: number; readonly end: number },
): string[] {
  const left = Buffer.concat([...readFiles(fs, '/data').values()])
  const missing: string[] = []
  for (const [path, bytes] of whole.files) {
    if (!path.endsWith('.log')) continue
    for (const { position, header } of scanBatches(bytes)) {
      const end = position + header.sizeBytes
      const isDamaged = path === except.path && except.position < end && except.end > position
      if (!isDamaged && !left.includes(bytes.subarray(position, end))) missing.push(`${path} at ${position}`)
    }
  }
  return missing
}

function readFiles(fs: FileSystem, directory: string): Map<string, Buffer> {
  const files = new Map<string, Buffer>()
  for (const { name, kind } of fs.list(directory)) {
    const path = `${directory}/${name}`
    if (kind === 'directory') for (const [inner, bytes] of readFiles(fs, path)) files.set(inner, bytes)
    else files.set(path, fs.readFile(path))
  }
  return files
}
