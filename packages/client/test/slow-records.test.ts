import { describe, expect, it } from 'vitest'
import { LIMITS } from '../src/client-limits.ts'
import { turns } from './fake-clock.ts'
import { FAST, inProcessWorld } from './in-process-world.ts'

const world = inProcessWorld('slow')

describe('a slow record', () => {
  it('lets ten thousand behind it be done, and the partition goes on when it is done itself', async () => {
    const name = await world.newTopic(1, LIMITS.maxDoneBehind + 2)
    const consumer = world.client.consume([name], { ...FAST, group: name })
    const slow = await consumer.next()
    for (let i = 0; i < LIMITS.maxDoneBehind; i++) (await consumer.next())?.done()
    let given: number | undefined
    const next = consumer.next().then((claimed) => {
      given = claimed?.record.offset
    })
    await turns()
    expect(given).toBeUndefined()
    slow?.done()
    await next
    expect(given).toBe(LIMITS.maxDoneBehind + 1)
    await consumer.close()
  })

  it('that is tried again holds back its own partition only, and only for so long', async () => {
    const name = await world.newTopic(2, 2 * LIMITS.maxDoneBehind + 1_000)
    const stop = new AbortController()
    const handled = [0, 0]
    let behindSlow = 0
    const concurrency = 16
    const options = { ...FAST, group: name, signal: stop.signal, orderedBy: 'key', concurrency } as const
    await world.client
      .topic(name)
      .consume({ ...options, retries: 1_000_000, retryBackoffMs: 1 }, ({ offset, partition }) => {
        if (partition === 0 && offset === 0) {
          if (handled[1] !== LIMITS.maxDoneBehind + 500) throw new Error('not yet')
          behindSlow = handled[0] ?? 0
        }
        handled[partition] = (handled[partition] ?? 0) + 1
        if (handled.every((count) => count === LIMITS.maxDoneBehind + 500)) stop.abort()
      })
    expect(handled).toEqual([LIMITS.maxDoneBehind + 500, LIMITS.maxDoneBehind + 500])
    expect(behindSlow).toBeLessThan(LIMITS.maxDoneBehind + concurrency)
  })
})
