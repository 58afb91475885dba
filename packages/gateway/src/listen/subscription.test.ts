import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { resolveGatewayOptions } from '../gateway-options.ts'
import { TestGateway } from '../testing/test-gateway.ts'
import { type RecordSink, Subscription } from './subscription.ts'
import { TopicFeed } from './topic-feed.ts'

const settings = resolveGatewayOptions({})

/** Takes what its credit allows, and counts it. */
class CountingSink implements RecordSink {
  credit: number
  takenCount = 0
  #wanted = { count: 0, reached: (): void => {} }

  constructor(credit: number) {
    this.credit = credit
  }

  send(_message: Buffer, recordCount: number): void {
    this.credit -= recordCount
    this.takenCount += recordCount
    if (this.takenCount >= this.#wanted.count) this.#wanted.reached()
  }

  onSubscriptionFailed(_topic: string, error: unknown): void {
    throw error
  }

  /** Resolves when so many records are here. */
  taken(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#wanted = { count, reached: resolve }
      if (this.takenCount >= count) resolve()
    })
  }
}

let test: TestGateway
let feed: TopicFeed

beforeEach(async () => {
  test = await TestGateway.start()
  await test.client.admin.createTopics([{ name: 'a' }])
})

afterEach(async () => {
  feed.close()
  await test[Symbol.asyncDispose]()
})

const listen = (credit: number): { sink: CountingSink; subscription: Subscription } => {
  const sink = new CountingSink(credit)
  const subscription = new Subscription({
    client: test.client,
    feed,
    positions: new Map([[0, 0]]),
    format: 'binary',
    sink,
    maxRecordsPerFrame: 100,
    maxFrameBytes: settings.limits.maxFrameBytes,
    readAheadBytes: settings.limits.listenerReadAheadBytes,
  })
  subscription.pump()
  return { sink, subscription }
}

const send = async (count: number): Promise<void> => {
  const records = Array.from({ length: count }, (_, n) => ({ value: String(n).padStart(100, '0') }))
  await test.client.producer({ compression: 'none' }).sendMany('a', records)
}

it.each([
  ['within the window', settings],
  ['far behind it', resolveGatewayOptions({ limits: { feedWindowBytes: 20_000, maxFrameBytes: 10_000 } })],
])('the last record reaches everybody who has credit for it, with others %s', async (_, ofFeed) => {
  feed = new TopicFeed(test.client, 'a', new Map([[0, 0]]), ofFeed)
  const all = Array.from({ length: 60 }, (_, n) => listen([1_000_000, 3, 0][n % 3] ?? 0))
  for (let round = 0; round < 10; round++) {
    await send(100)
    // Some get a little credit, some none: so is a crowd.
    for (const [index, { sink, subscription }] of all.entries()) {
      if (index % 3 !== 1) continue
      sink.credit += 7
      subscription.pump()
    }
  }
  await Promise.all(all.filter((_, index) => index % 3 === 0).map(({ sink }) => sink.taken(1_000)))
  await Promise.all(all.filter((_, index) => index % 3 === 1).map(({ sink }) => sink.taken(73)))
  expect(all.map(({ sink }) => sink.takenCount)).toEqual(all.map((_, n) => [1_000, 73, 0][n % 3]))

  // And when they get it, those who were slow have all of it too, once.
  for (const { sink, subscription } of all) {
    sink.credit = 1_000_000
    subscription.pump()
  }
  await Promise.all(all.map(({ sink }) => sink.taken(1_000)))
  await send(1)
  await Promise.all(all.map(({ sink }) => sink.taken(1_001)))
  expect(new Set(all.map(({ sink }) => sink.takenCount))).toEqual(new Set([1_001]))
})

it('credit that comes in the moment in which the last one was used up is not forgotten', async () => {
  feed = new TopicFeed(test.client, 'a', new Map([[0, 0]]), settings)
  const { sink, subscription } = listen(0)
  const other = listen(5)
  await send(5)
  await other.sink.taken(5)
  await send(5)
  // Nobody could take that one: the feed reads on when somebody has, and wants more.
  await vi.waitFor(() => expect(feed.nextSequence).toBe(2), { timeout: 30_000 })
  // Both in one turn of the loop: so come two messages in one packet.
  sink.credit += 10
  subscription.pump()
  expect(sink.takenCount).toBe(10)
  sink.credit += 5
  subscription.pump()
  await send(5)
  await sink.taken(15)
})
