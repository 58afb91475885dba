import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const SETTINGS = fileURLToPath(new URL('../src/serve/heap-settings.ts', import.meta.url))

/**
 * Keeps what it made in its last eight turns, as a rush of members does; prints the size in MB at which the young
 * generation stays: the least of its last turns, since it is larger for a moment while it is collected.
 */
const RUSH = `
  const { getHeapSpaceStatistics } = await import('node:v8')
  const kept = []
  const megabytes = []
  for (let turn = 0; turn < 60; turn++) {
    kept[turn % 8] = Array.from({ length: 20_000 }, (_, i) => ({ turn, i, members: new Array(20).fill(i) }))
    await new Promise((resolve) => setImmediate(resolve))
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
    megabytes.push(young.space_size / 2 ** 20)
  }
  console.log(Math.min(...megabytes.slice(-20)))`

function youngMegabytes(before: string): number {
  const flags = [
    // By itself V8 may stop at 32 MB, by what it sees of the machine: here it has room for more everywhere.
    '--max-semi-space-size=64',
    '--conditions=@millrace/source',
    '--no-warnings',
    '--input-type=module',
  ]
  return Number(execFileSync(process.execPath, [...flags, '-e', `${before}\n${RUSH}`], { encoding: 'utf8' }))
}

/**
 * How far it grows by itself depends on how many threads collect it and when, so nothing is compared with that here.
 * That growing is forbidden at the right moment: src/serve/heap-settings.test.ts.
 */
it('a rush does not make the young generation stay above 32 MB', () => {
  const settings = `(await import(${JSON.stringify(SETTINGS)})).setUpHeap()`
  for (let run = 0; run < 3; run++) expect(youngMegabytes(settings)).toBeLessThanOrEqual(32)
})
