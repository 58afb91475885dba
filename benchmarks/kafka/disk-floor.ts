/** What the disk does without a broker: the bound of every row that moves more than memory holds. */
import { execFileSync } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { closeSync, fdatasyncSync, globSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const BLOCK_BYTES = 8 * 1024 * 1024

/** MB/s of writing one file with a `fdatasync` after each 8 MiB, as `dd` would. */
export function syncedWriteRate(folder: string, bytes: number): number {
  const path = join(folder, 'disk-floor')
  const block = randomFillSync(Buffer.alloc(BLOCK_BYTES))
  const file = openSync(path, 'w')
  try {
    const blocks = Math.max(1, Math.round(bytes / BLOCK_BYTES))
    const startMs = performance.now()
    for (let index = 0; index < blocks; index += 1) {
      writeSync(file, block)
      fdatasyncSync(file)
    }
    return (blocks * BLOCK_BYTES) / 1000 / (performance.now() - startMs)
  } finally {
    closeSync(file)
    rmSync(path)
  }
}

const SYNC_SECONDS = 3

/** How long a `fdatasync` takes, in ms, while records are appended to one file at that pace and nothing else is done. */
export function syncDelays(
  folder: string,
  { perSecond, bytes }: { readonly perSecond: number; readonly bytes: number },
): { p50: number; p99: number } {
  const path = join(folder, 'disk-floor')
  const record = randomFillSync(Buffer.alloc(bytes))
  const file = openSync(path, 'w')
  const delaysMs: number[] = []
  try {
    const startMs = performance.now()
    for (let written = 0; written < SYNC_SECONDS * perSecond; ) {
      const due = Math.floor(((performance.now() - startMs) * perSecond) / 1000)
      if (due <= written) continue
      for (; written < due; written += 1) writeSync(file, record)
      const syncMs = performance.now()
      fdatasyncSync(file)
      delaysMs.push(performance.now() - syncMs)
    }
  } finally {
    closeSync(file)
    rmSync(path)
  }
  delaysMs.sort((a, b) => a - b)
  const quantile = (part: number): number => delaysMs[Math.floor(part * delaysMs.length)] ?? 0
  return { p50: quantile(0.5), p99: quantile(0.99) }
}

/** The segments of a topic, in either broker's directory. */
function segmentsOf(dataDir: string, topic: string): string[] {
  return globSync(`${topic}-*/*.log`, { cwd: dataDir }).map((path) => join(dataDir, path))
}

/** What the topic takes on the disk. */
export function topicBytes(dataDir: string, topic: string): number {
  return segmentsOf(dataDir, topic).reduce((sum, path) => sum + statSync(path).size, 0)
}

/** Takes the topic out of the page cache (`posix_fadvise`, through dd), so that it is read from the disk next. */
export function dropFromPageCache(dataDir: string, topic: string): void {
  for (const path of segmentsOf(dataDir, topic)) {
    execFileSync('dd', [`of=${path}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0'], {
      stdio: 'ignore',
    })
  }
}

/** MB/s of reading the topic's files one after the other, from the disk. */
export function coldReadRate(dataDir: string, topic: string): number {
  dropFromPageCache(dataDir, topic)
  const paths = segmentsOf(dataDir, topic)
  const bytes = topicBytes(dataDir, topic)
  const startMs = performance.now()
  for (const path of paths) execFileSync('dd', [`if=${path}`, 'of=/dev/null', 'bs=1M'], { stdio: 'ignore' })
  return bytes / 1000 / (performance.now() - startMs)
}
