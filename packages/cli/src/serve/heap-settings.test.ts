import { expect, it, vi } from 'vitest'

const MIB = 1024 * 1024
const v8 = vi.hoisted(() => ({
  youngBytes: 0,
  flags: [] as string[],
  onCollection: (): void => {},
  isWatched: false,
}))
vi.mock('node:v8', () => ({
  getHeapSpaceStatistics: () => [
    { space_name: 'old_space', space_size: 2 ** 40 },
    { space_name: 'new_space', space_size: v8.youngBytes },
  ],
  setFlagsFromString: (flag: string) => v8.flags.push(flag),
}))
vi.mock('node:perf_hooks', () => ({
  PerformanceObserver: class {
    constructor(onCollection: () => void) {
      v8.onCollection = onCollection
    }
    observe({ entryTypes }: { entryTypes: readonly string[] }): void {
      v8.isWatched = entryTypes.includes('gc')
    }
    disconnect(): void {
      v8.isWatched = false
    }
  },
}))

it('the young generation grows no more from the collection on at which it has 32 MB', async () => {
  const { setUpHeap } = await import('./heap-settings.ts')
  expect(process.versions.node).toMatch(/^24\./)
  setUpHeap()
  const before = [...v8.flags]
  expect(v8.isWatched).toBe(true)
  v8.youngBytes = 16 * MIB
  v8.onCollection()
  expect(v8.flags).toEqual(before)
  v8.youngBytes = 32 * MIB
  v8.onCollection()
  expect(v8.flags).toEqual([...before, '--semi-space-growth-factor=1'])
  expect(v8.isWatched).toBe(false)
})
