import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const SETTINGS = fileURLToPath(new URL('../src/serve/heap-settings.ts', import.meta.url))

/** Keeps what it made in its last eight turns, as a rush of members does; prints the size of the young generation in MB. */
const RUSH = `
  const { getHeapSpaceStatistics } = await import('node:v8')
  const kept = []
  let megabytes = 0
  for (let turn = 0; turn < 100 && megabytes <= 32; turn++) {
    kept[turn % 8] = Array.from({ length: 20_000 }, (_, i) => ({ turn, i, members: new Array(20).fill(i) }))
    await new Promise((resolve) => setImmediate(resolve))
    megabytes = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size / 2 ** 20
  }
  console.log(megabytes)`

function youngMegabytes(before: string): number {
  // By itself V8 may stop at 32 MB, by what it sees of the machine: here it has room for more everywhere.
  const flags = [
    '--max-semi-space-size=64',
    '--conditions=@millrace/source',
    '--no-warnings',
    '--input-type=module',
  ]
  return Number(execFileSync(process.execPath, [...flags, '-e', `${before}\n${RUSH}`], { encoding: 'utf8' }))
}

it('a rush does not make the young generation grow above 32 MB', () => {
  expect(youngMegabytes(`(await import(${JSON.stringify(SETTINGS)})).setUpHeap()`)).toBeLessThanOrEqual(32)
  // Without the settings it does; else this shows nothing.
  expect(youngMegabytes('')).toBeGreaterThan(32)
})
