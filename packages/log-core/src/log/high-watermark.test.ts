import { describe, expect, it } from 'vitest'
import { HighWatermark } from './high-watermark.ts'

const NOTHING_TO_SYNC = Number.POSITIVE_INFINITY

describe('HighWatermark', () => {
  it('follows what is written when nothing has to be synced', () => {
    const mark = new HighWatermark(0)
    mark.written(5, NOTHING_TO_SYNC)
    expect(mark.advance()).toBe(true)
    expect(mark.value).toBe(5)
    expect(mark.advance()).toBe(false)
  })

  it('stops before the first batch that has to be synced, whatever is written behind it', () => {
    const mark = new HighWatermark(0)
    mark.written(5, 3)
    mark.written(9, NOTHING_TO_SYNC)
    mark.advance()
    expect(mark.value).toBe(3)
  })

  it('passes only what was written before the sync began', () => {
    const mark = new HighWatermark(0)
    mark.written(5, 0)
    mark.syncStarted()
    mark.written(8, 7)
    mark.advance()
    expect(mark.value).toBe(0)
    mark.synced()
    mark.advance()
    expect(mark.value).toBe(7)
    mark.syncStarted()
    mark.synced()
    mark.advance()
    expect(mark.value).toBe(8)
  })
})
