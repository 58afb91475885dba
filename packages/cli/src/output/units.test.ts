import { expect, it } from 'vitest'
import { formatCount, formatDuration, formatSize } from './units.ts'

it('sizes are in powers of 1024', () => {
  expect([0, 1023, 1024, 1536 * 1024, 2 ** 50].map(formatSize)).toEqual([
    '0 B',
    '1023 B',
    '1.0 KiB',
    '1.5 MiB',
    '1024.0 TiB',
  ])
})

it('durations are in the largest unit that says something', () => {
  expect([0.4, 999, 12_000, 300_000, 7_200_000, 200_000_000].map(formatDuration)).toEqual([
    '0ms',
    '999ms',
    '12s',
    '5m',
    '2h',
    '2d',
  ])
})

it('one is one, and several have commas', () => {
  expect([0, 1, 2_500].map((count) => formatCount(count, 'record'))).toEqual([
    '0 records',
    '1 record',
    '2,500 records',
  ])
})
