import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const SETTINGS = fileURLToPath(new URL('../src/serve/heap-settings.ts', import.meta.url))

/** Keeps all that it makes for a while, as a rush of members does; prints the size of the young generation in MB. */
const RUSH = `
  const { getHeapSpaceStatistics } = await import('node:v8')
  const kept = []
  for (let turn = 0; turn < 100; turn++) {
    for (let i = 0; i < 5_000; i++) kept.push({ turn, i, members: new Array(20).fill(i) })
    await new Promise((resolve) => setImmediate(resolve))
  }
  const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
  console.log(young.space_size / 2 ** 20)`

function youngMegabytes(before: string): number {
  const flags = ['--conditions=@millrace/source', '--no-warnings', '--input-type=module']
  return Number(execFileSync(process.execPath, [...flags, '-e', `${before}\n${RUSH}`], { encoding: 'utf8' }))
}

it('a rush does not make the young generation grow above 32 MB', () => {
  expect(youngMegabytes(`(await import(${JSON.stringify(SETTINGS)})).setUpHeap()`)).toBeLessThanOrEqual(32)
  // Without the settings it does; else this shows nothing.
  expect(youngMegabytes('')).toBeGreaterThan(32)
})
