import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestGateway } from '../testing/test-gateway.ts'
import { TestSocket } from '../testing/test-socket.ts'

let test: TestGateway
beforeAll(async () => {
  test = await TestGateway.start({
    limits: { maxTopicsPerSocket: 3, maxMessageBytes: 10_000, feedWindowBytes: 4_000, maxFrameBytes: 2_000 },
  })
})
afterAll(() => test[Symbol.asyncDispose]())

let topicCount = 0
async function newTopic(partitions = 1, name = `t${topicCount++}`): Promise<string> {
  await test.client.admin.createTopics([{ name, partitions }])
  return name
}

const open = (): Promise<TestSocket> => TestSocket.open(test.gateway.port)
const numbers = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => String(from + i))
const send = (topic: string, values: readonly string[], partitions = 1): Promise<unknown> =>
  test.client.producer().sendMany(
    topic,
    values.map((value) => ({ value, partition: Number(value) % partitions })),
  )
const sorted = (values: unknown[]): number[] => values.map(Number).sort((a, b) => a - b)

describe('subscribe', () => {
  it('gives what comes, after it has said where that begins', async () => {
    const topic = await newTopic(2)
    await send(topic, ['0'])
    await using socket = await open()
    const subscribed = await socket.ask({ type: 'subscribe', id: 'a', topics: [topic], credit: 100 })
    expect(subscribed).toEqual({
      type: 'subscribed',
      id: 'a',
      topics: { [topic]: { positions: { 0: 1, 1: 0 } } },
    })
    await send(topic, ['2'])
    const { json } = await socket.next()
    expect(json).toMatchObject({
      type: 'records',
      topic,
      next: { 0: 2 },
      records: [{ offset: 1, value: '2' }],
    })
  })

  it('gives history, then what comes, each record once and in order', async () => {
    const topic = await newTopic()
    await send(topic, numbers(0, 500))
    await using socket = await open()
    await socket.ask({ type: 'subscribe', topics: [topic], from: 'beginning', credit: 10_000 })
    expect(await socket.values(500)).toEqual(numbers(0, 500))
    for (let from = 500; from < 700; from += 20) await send(topic, numbers(from, 20))
    expect(await socket.values(200)).toEqual(numbers(500, 200))
  })

  it('never gives more than its credit, however frames were gathered', async () => {
    const topic = await newTopic()
    await using other = await open()
    await other.ask({ type: 'subscribe', topics: [topic], credit: 10_000 })
    await using socket = await open()
    await socket.ask({ type: 'subscribe', topics: [topic], credit: 3 })
    await send(topic, numbers(0, 10))
    expect(await other.values(10)).toEqual(numbers(0, 10))
    expect(await socket.values(3)).toEqual(numbers(0, 3))
    expect(socket.unread).toBe(0)
    socket.say({ type: 'credit', records: 4 })
    expect(await socket.values(4)).toEqual(numbers(3, 4))
    socket.say({ type: 'credit', records: 4 })
    expect(await socket.values(3)).toEqual(numbers(7, 3))
    await send(topic, numbers(10, 2))
    expect(await socket.values(1)).toEqual(['10'])
  })

  it('keeps a slow listener behind the window, slows nobody else, and lets it catch up', async () => {
    const topic = await newTopic(3)
    await using fast = await open()
    await fast.ask({ type: 'subscribe', topics: [topic], credit: 100_000 })
    await using slow = await open()
    await slow.ask({ type: 'subscribe', topics: [topic], credit: 5 })
    for (let from = 0; from < 1_000; from += 100) await send(topic, numbers(from, 100), 3)
    expect(sorted(await fast.values(1_000))).toEqual(numbers(0, 1_000).map(Number))
    const first = await slow.values(5)
    slow.say({ type: 'credit', records: 100_000 })
    const rest = await slow.values(995)
    await send(topic, numbers(1_000, 50), 3)
    const last = await slow.values(50)
    expect(sorted([...first, ...rest, ...last])).toEqual(numbers(0, 1_050).map(Number))
  })

  it('resumes where it was cut off, in every partition', async () => {
    const topic = await newTopic(3)
    const positions: Record<string, number> = {}
    const values: unknown[] = []
    {
      await using socket = await open()
      const { topics } = await socket.ask({ type: 'subscribe', topics: [topic], credit: 30 })
      Object.assign(positions, (topics as Record<string, { positions: object }>)[topic]?.positions)
      await send(topic, numbers(0, 60), 3)
      while (values.length < 30) {
        const { json } = await socket.next()
        Object.assign(positions, json.next)
        values.push(...(json.records as { value: unknown }[]).map(({ value }) => value))
      }
    }
    await using again = await open()
    await again.ask({ type: 'subscribe', resume: { [topic]: positions }, credit: 1_000 })
    values.push(...(await again.values(30)))
    expect(sorted(values)).toEqual(numbers(0, 60).map(Number))
  })

  it('tells what was deleted before it could be resumed, and reads new partitions from their beginning', async () => {
    const topic = await newTopic(2)
    await send(topic, ['0', '2', '4', '1'], 2)
    await test.client.admin.deleteRecords([{ topic, partition: 0, before: 2 }])
    await using socket = await open()
    expect(await socket.ask({ type: 'subscribe', resume: { [topic]: { 0: 1 } }, credit: 10 })).toMatchObject({
      topics: { [topic]: { positions: { 0: 2, 1: 0 }, gaps: [{ partition: 0, from: 1, to: 2 }] } },
    })
    expect(sorted(await socket.values(2))).toEqual([1, 4])
  })

  it('starts at a time, before the end, and where a group is', async () => {
    const topic = await newTopic()
    const records = numbers(0, 10).map((value) => ({ value, timestampMs: 1_000 + Number(value) }))
    await test.client.producer().sendMany(topic, records)
    await test.client.admin.alterOffsets('g', [{ topic, partition: 0, offset: 8 }])
    for (const [from, expected] of [
      [{ time: 1_007 }, ['7', '8', '9']],
      [-1, ['9']],
      [9, ['9']],
      [{ group: 'g' }, ['8', '9']],
    ] as const) {
      await using socket = await open()
      await socket.ask({ type: 'subscribe', topics: [topic], from, credit: 100 })
      expect(await socket.values(expected.length)).toEqual(expected)
    }
  })

  it('takes a pattern', async () => {
    await newTopic(1, 'air.sfo')
    await newTopic(1, 'air.lax')
    await newTopic(1, 'sea.sfo')
    await using socket = await open()
    const { topics } = await socket.ask({ type: 'subscribe', pattern: 'air.*' })
    expect(Object.keys(topics as object)).toEqual(['air.lax', 'air.sfo'])
  })

  it('encodes once for all, and in binary for who wants it', async () => {
    const topic = await newTopic()
    await using json = await open()
    await json.ask({ type: 'subscribe', topics: [topic], credit: 10 })
    await using binary = await open()
    await binary.ask({ type: 'subscribe', topics: [topic], format: 'binary', credit: 10 })
    const headers = [{ key: 'h', value: null }]
    await test.client.producer().send(topic, { key: null, value: 'v', headers, timestampMs: 5 })
    expect((await json.next()).json).toMatchObject({ records: [{ value: 'v', timestamp: 5 }] })
    const name = Buffer.from(topic).toString('hex')
    const head = `01${topic.length.toString(16).padStart(4, '0')}${name}00000001`
    const record = '00000000' + '0000000000000000' + '0000000000000005' + 'ffffffff' + '0000000176'
    const expected = `${head}${record}0001${'000168'}ffffffff`
    expect((await binary.next()).bytes?.toString('hex')).toBe(expected)
  })

  it('is done in the order in which it was said, also while the first is still being worked on', async () => {
    const topic = await newTopic(1, '__proto__')
    await send(topic, numbers(0, 3))
    await using socket = await open()
    socket.say({ type: 'subscribe', id: 'a', topics: [topic], from: -1 })
    socket.say({ type: 'unsubscribe', id: 'u', topics: [topic] })
    socket.say({ type: 'subscribe', id: 'b', topics: [topic], from: 'beginning', credit: 10 })
    const answers = [await socket.next(), await socket.next(), await socket.next()].map(({ json }) => json)
    expect(answers.map(({ id, type }) => [id, type])).toEqual([
      ['a', 'subscribed'],
      ['u', 'unsubscribed'],
      ['b', 'subscribed'],
    ])
    expect(Object.entries(answers[2]?.topics ?? {})).toEqual([['__proto__', { positions: { 0: 0 } }]])
    expect(await socket.values(3)).toEqual(numbers(0, 3))
  })

  it('ends, and may begin again', async () => {
    const topic = await newTopic()
    await using socket = await open()
    await socket.ask({ type: 'subscribe', topics: [topic], credit: 10 })
    expect(await socket.ask({ type: 'unsubscribe', id: 'u', topics: [topic] })).toMatchObject({ id: 'u' })
    await send(topic, ['0'])
    const again = await socket.ask({ type: 'subscribe', topics: [topic] })
    expect(again).toMatchObject({ topics: { [topic]: { positions: { 0: 1 } } } })
  })

  it.each([
    [{ topics: ['missing'] }, 'UNKNOWN_TOPIC'],
    [{ topics: ['a', 'b', 'c', 'd'] }, 'TOO_MANY_TOPICS'],
  ])('is refused as %j with %s, and the socket stays', async (message, code) => {
    await using socket = await open()
    const answer = await socket.ask({ type: 'subscribe', id: 'x', ...message })
    expect(answer).toMatchObject({ type: 'error', id: 'x', code })
    expect(socket.socket.readyState).toBe(1)
  })

  it('twice to one topic is refused', async () => {
    const topic = await newTopic()
    await using socket = await open()
    await socket.ask({ type: 'subscribe', topics: [topic] })
    expect(await socket.ask({ type: 'subscribe', topics: [topic] })).toMatchObject({
      code: 'ALREADY_SUBSCRIBED',
    })
  })
})

describe('produce', () => {
  it.each([['all'], [1], [0]] as const)('takes acks %s', async (acks) => {
    const topic = await newTopic(1)
    await using socket = await open()
    const message = { type: 'produce', id: 'p', topic, records: [{ value: 'x' }], acks }
    // Without an answer from the log nobody knows the offset.
    const offset = acks === 0 ? -1 : 0
    expect(await socket.ask(message)).toMatchObject({ type: 'produced', records: [{ partition: 0, offset }] })
  })

  it('is acknowledged with the places of the records', async () => {
    const topic = await newTopic()
    await using socket = await open()
    const message = {
      type: 'produce',
      id: 'p',
      topic,
      records: [{ key: 'k', value: { a: 1 } }, { value: 'b' }],
    }
    expect(await socket.ask(message)).toEqual({
      type: 'produced',
      id: 'p',
      topic,
      records: [
        { partition: 0, offset: 0 },
        { partition: 0, offset: 1 },
      ],
    })
    expect(await socket.ask({ ...message, records: [{ value: 'x', partition: 5 }] })).toMatchObject({
      type: 'error',
      id: 'p',
      code: 'UNKNOWN_PARTITION',
    })
  })

  it('is told what is wrong with a message of them, and sends the others', async () => {
    const topic = await newTopic()
    await using socket = await open()
    const message = { type: 'produce', id: 'p', topic }
    const good = { value: 'x' }
    for (const [wrong, reason] of [
      [{ records: [good, { value: { base64: '!' } }] }, /record 1: base64 that is none/],
      [{ records: [{ value: 'x', partition: -1 }] }, /record 0: .*partition/],
      [{ records: [{ valeu: 'x' }] }, /record 0: .*valeu/],
      [{ records: ['x'] }, /record 0/],
      [{ records: [] }, /0 records/],
      [{ records: [good], acks: 2 }, /acks/],
      [{ records: [good], credit: 5 }, /credit/],
      [{ records: [good], topic: undefined }, /topic/],
    ] as const) {
      expect(await socket.ask({ ...message, ...wrong })).toEqual({
        type: 'error',
        id: 'p',
        code: 'INVALID_REQUEST',
        message: expect.stringMatching(reason),
      })
    }
    expect(await socket.ask({ ...message, records: [good] })).toMatchObject({
      type: 'produced',
      id: 'p',
      records: [{ partition: 0, offset: 0 }],
    })
  })
})

describe('a WebSocket', () => {
  it.each([
    ['no JSON', 4400],
    [[], 4400],
    [{ type: 'nonsense' }, 4400],
    [{ type: 'subscribe' }, 4400],
    [{ type: 'subscribe', topics: ['a'], format: 'xml' }, 4400],
    [{ type: 'subscribe', resume: { a: { x: 1 } } }, 4400],
    [{ type: 'credit', records: -1 }, 4400],
    [{ type: 'produce', id: 5, topic: 'a', records: [{ value: 'x' }] }, 4400],
    ['x'.repeat(20_000), 1009],
  ])('is closed for %j', async (message, code) => {
    await using socket = await open()
    const closed = socket.closed()
    socket.say(message)
    expect((await closed).code).toBe(code)
  })

  it('is closed for a binary message, and for bytes that are no frame', async () => {
    await using socket = await open()
    const closed = socket.closed()
    socket.socket.send(Buffer.from([1]))
    expect(await closed).toEqual({ code: 1003, reason: 'messages are JSON text' })
    const head =
      'GET /v1/socket HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: upgrade\r\n' +
      'sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'
    expect(await test.raw(`${head}\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff`)).toContain(
      '101 Switching Protocols',
    )
    expect((await test.fetch('/healthz')).status).toBe(200)
  })

  it('is told that the gateway ends', async () => {
    await using other = await TestGateway.start()
    await using socket = await TestSocket.open(other.gateway.port)
    const closed = socket.closed()
    await other.gateway.close()
    expect((await closed).code).toBe(1001)
  })

  it('is ended when it does not answer a ping', async () => {
    await using other = await TestGateway.start({ limits: { heartbeatMs: 20 } })
    await using socket = await TestSocket.open(other.gateway.port, { autoPong: false })
    expect((await socket.closed()).code).toBe(4408)
  })

  it('finds no more than so many of them open', async () => {
    await using other = await TestGateway.start({ limits: { maxWebSockets: 1 } })
    await using _first = await TestSocket.open(other.gateway.port)
    await expect(TestSocket.open(other.gateway.port)).rejects.toThrow('503')
  })
})
