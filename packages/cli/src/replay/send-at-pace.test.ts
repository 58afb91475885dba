import type { ConsumerRecord } from '@millrace/client'
import { expect, it } from 'vitest'
import { type PaceClock, sendAtPace } from './send-at-pace.ts'

/** A clock on which time passes by waiting alone; each wait is this much too long. */
class WaitedClock implements PaceClock {
  now = 5_000
  readonly waits: number[] = []
  readonly #lateMs: number

  constructor(lateMs = 0) {
    this.#lateMs = lateMs
  }

  nowMs(): number {
    return this.now
  }

  async wait(ms: number): Promise<void> {
    this.waits.push(ms)
    this.now += ms + this.#lateMs
  }
}

function recordAt(timeMs: number): { record: ConsumerRecord; timeMs: number } {
  const at = { topic: 't', partition: 0, offset: timeMs, leaderEpoch: 0, timestampMs: timeMs }
  return { record: { ...at, key: null, value: null, headers: [] }, timeMs }
}

/** `time in history -> ms after the start` of each record that was sent. */
async function sentTimes(
  times: readonly number[],
  speed: number,
  clock: WaitedClock,
  { sendMs = 0, abortAfter = Number.POSITIVE_INFINITY } = {},
): Promise<[number, number][]> {
  const startMs = clock.now
  const left = times.map(recordAt)
  const sent: [number, number][] = []
  const stop = new AbortController()
  const send = async (records: readonly ConsumerRecord[]): Promise<void> => {
    for (const { timestampMs } of records) sent.push([timestampMs, clock.now - startMs])
    clock.now += sendMs
    if (sent.length >= abortAfter) stop.abort()
  }
  const records = { next: async () => left.shift() ?? null }
  await sendAtPace({ records, speed, signal: stop.signal, send }, clock)
  return sent
}

it('each record is sent as long after the first as it was then, by the speed', async () => {
  const times = [1_000, 1_020, 1_100, 4_000]
  expect(await sentTimes(times, 1, new WaitedClock())).toEqual([
    [1_000, 0],
    [1_020, 20],
    [1_100, 100],
    [4_000, 3_000],
  ])
  expect((await sentTimes(times, 10, new WaitedClock())).map(([, ms]) => ms)).toEqual([0, 2, 10, 300])
  expect((await sentTimes(times, 0.5, new WaitedClock())).map(([, ms]) => ms)).toEqual([0, 40, 200, 6_000])
})

it('timers that are late, and a slow target, do not add up', async () => {
  const times = Array.from({ length: 1_000 }, (_, i) => i * 10)
  const late = await sentTimes(times, 1, new WaitedClock(2), { sendMs: 3 })
  const errors = late.map(([timeMs, ms]) => ms - timeMs)
  expect(late).toHaveLength(1_000)
  expect(Math.min(...errors)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...errors)).toBeLessThanOrEqual(5)
})

it('as fast as it goes waits for nothing', async () => {
  const clock = new WaitedClock()
  expect(await sentTimes([0, 86_400_000], Number.POSITIVE_INFINITY, clock)).toHaveLength(2)
  expect(clock.waits).toEqual([])
})

it('what is months apart is waited for in parts that a timer takes', async () => {
  const clock = new WaitedClock()
  expect(await sentTimes([0, 100_000_000], 1, clock)).toEqual([
    [0, 0],
    [100_000_000, 100_000_000],
  ])
  expect(Math.max(...clock.waits)).toBe(60_000)
})

it('ends where it is when it is told to', async () => {
  expect(await sentTimes([0, 10, 20, 30], 1, new WaitedClock(), { abortAfter: 2 })).toHaveLength(2)
})
