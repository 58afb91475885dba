import { linkSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { nodeFileSystem } from '../fs/node-file-system.ts'
import { silentLogger } from '../log/storage-logger.ts'
import type { Clock } from '../time/clock.ts'
import { FileRemover } from './file-remover.ts'

const LARGE_BYTES = 200 * 1024 * 1024
const folder = mkdtempSync(join(tmpdir(), 'millrace-remover-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Runs what waits for the end of a turn, or for a pause to end, when it is told to, and counts the pauses. */
function steppingClock(): { clock: Clock; runAll: () => { pauses: number } } {
  const waiting: (() => void)[] = []
  let pauses = 0
  const clock: Clock = {
    nowMs: () => 0,
    monotonicMs: () => 0,
    endOfTurn: (run) => void waiting.push(run),
    after: (delayMs, run) => {
      if (delayMs > 0) pauses++
      waiting.push(run)
      return { cancel: () => {} }
    },
  }
  return {
    clock,
    runAll: () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) next()
      return { pauses }
    },
  }
}

it('removes a large file and leaves the bytes alone that have another name', () => {
  const [ours, theirs] = [join(folder, 'ours'), join(folder, 'theirs')]
  writeFileSync(theirs, '')
  truncateSync(theirs, LARGE_BYTES)
  linkSync(theirs, ours)
  const { clock, runAll } = steppingClock()
  const fs = nodeFileSystem()
  new FileRemover(fs, clock, silentLogger).removeFiles([ours], 0)
  runAll()
  expect(fs.exists(ours)).toBe(false)
  expect(statSync(theirs).size).toBe(LARGE_BYTES)
})

it.each([
  ['a large file', 1, LARGE_BYTES],
  ['files that are large together', 100, 3 * 1024 * 1024],
])('frees %s a few MiB at a time, with pauses in which others may sync', (_, count, sizeBytes) => {
  const paths = Array.from({ length: count }, (_, index) => join(folder, `large-${index}`))
  for (const path of paths) {
    writeFileSync(path, '')
    truncateSync(path, sizeBytes)
  }
  const { clock, runAll } = steppingClock()
  const fs = nodeFileSystem()
  new FileRemover(fs, clock, silentLogger).removeFiles(paths, 0)
  const { pauses } = runAll()
  expect(paths.filter((path) => fs.exists(path))).toEqual([])
  expect(pauses).toBeGreaterThanOrEqual(45)
})
