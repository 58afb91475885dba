import { expect, it } from 'vitest'
import { memoryFileSystem } from '../fs/memory-file-system.ts'
import { LogSegment } from './log-segment.ts'
import { OffsetIndex } from './offset-index.ts'
import { SegmentCache } from './segment-cache.ts'

/** Ten sealed segments of one byte each, in a cache that counts the files that are open. */
function openCache() {
  const fs = memoryFileSystem()
  fs.makeDirectory('/data')
  const segments = Array.from({ length: 10 }, (_, baseOffset) => new LogSegment('/data', baseOffset, 1))
  for (const segment of segments) {
    const file = fs.open(segment.path('log'), 'create')
    file.appendSync([Buffer.from([segment.baseOffset])])
    file.close()
  }
  const open = fs.open.bind(fs)
  const opened: string[] = []
  let openCount = 0
  fs.open = (path, mode) => {
    const file = open(path, mode)
    const close = file.close.bind(file)
    opened.push(path)
    openCount++
    file.close = () => {
      openCount--
      close()
    }
    return file
  }
  const cache = new SegmentCache(fs, { maxOpenFiles: 3, maxIndexBytes: 100 })
  return { cache, segments, opened, openCount: () => openCount }
}

it('holds a bounded number of files open, and closes the one that was used longest ago', async () => {
  const { cache, segments, opened, openCount } = openCache()
  for (const segment of segments) {
    expect(await segment.read(cache, 0, 1)).toEqual(Buffer.from([segment.baseOffset]))
    expect(openCount()).toBeLessThanOrEqual(3)
  }
  opened.length = 0
  for (const number of [7, 8, 9, 7, 0, 7, 9, 8]) await segments[number]?.read(cache, 0, 1)
  expect(opened).toEqual([segments[0]?.path('log'), segments[8]?.path('log')])
  cache.close()
  expect(openCount()).toBe(0)
})

it('holds a bounded amount of indexes, and the newest whatever it takes', () => {
  const { cache } = openCache()
  const indexOf = (entries: number): OffsetIndex => {
    const index = new OffsetIndex(0)
    for (let entry = 0; entry < entries; entry++) index.append(entry + 1, entry + 1)
    return index
  }
  cache.keepOffsetIndex('a', indexOf(1))
  cache.keepOffsetIndex('b', indexOf(1_000))
  expect([cache.offsetIndex('a'), cache.offsetIndex('b')?.entryCount]).toEqual([undefined, 1_000])
  cache.keepOffsetIndex('c', indexOf(1))
  expect(cache.offsetIndex('b')).toBe(undefined)
})
