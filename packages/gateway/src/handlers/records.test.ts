import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { TestGateway } from '../testing/test-gateway.ts'

let test: TestGateway
beforeAll(async () => {
  test = await TestGateway.start({ limits: { maxLineBytes: 1_000, maxBodyBytes: 10_000 } })
})
afterAll(() => test[Symbol.asyncDispose]())

let topicCount = 0
async function newTopic(partitions = 1): Promise<string> {
  const name = `t${topicCount++}`
  await test.client.admin.createTopics([{ name, partitions }])
  return name
}

const ndjson = { 'content-type': 'application/x-ndjson' }
function stream(topic: string, body: string, query = ''): Promise<{ status: number; body: unknown }> {
  return test.json(`/v1/topics/${topic}/records${query}`, { method: 'POST', headers: ndjson, body })
}

async function read(topic: string, query = ''): Promise<Record<string, unknown>[]> {
  const response = await test.fetch(`/v1/topics/${topic}/records${query}`)
  expect(response.headers.get('content-type')).toBe('application/x-ndjson')
  const lines = (await response.text()).split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}

describe('POST records', () => {
  it('writes one record with all that it has, and tells where', async () => {
    const topic = await newTopic(3)
    const record = {
      key: 'k',
      value: { delay: 12 },
      headers: [{ key: 'h', value: { base64: '/w==' } }],
      timestamp: 1_000,
      partition: 2,
    }
    const { status, body } = await test.post(`/v1/topics/${topic}/records`, record)
    expect({ status, body }).toEqual({
      status: 200,
      body: { topic, partition: 2, offset: 0, timestamp: 1_000 },
    })
    const written = await test.client.read(topic)[Symbol.asyncIterator]().next()
    expect(written.value).toMatchObject({
      key: Buffer.from('k'),
      value: Buffer.from('{"delay":12}'),
      headers: [{ key: 'h', value: Buffer.from([0xff]) }],
    })
    expect(await read(topic)).toEqual([{ topic, offset: 0, ...record }])
  })

  it('writes a list in order, with any acks', async () => {
    const topic = await newTopic()
    const { body } = await test.post(`/v1/topics/${topic}/records?acks=1`, [{ value: 'a' }, { value: null }])
    expect(body).toEqual({
      topic,
      records: [
        { partition: 0, offset: 0 },
        { partition: 0, offset: 1 },
      ],
    })
    expect((await test.post(`/v1/topics/${topic}/records?acks=0`, { value: 'b' })).body).toMatchObject({
      offset: -1,
    })
  })

  it('writes a stream, and counts it', async () => {
    const topic = await newTopic()
    const lines = Array.from({ length: 5_000 }, (_, i) => JSON.stringify({ key: `${i}`, value: i }))
    expect(await stream(topic, `${lines.join('\r\n')}\n\n`)).toEqual({
      status: 200,
      body: { topic, records: 5_000 },
    })
    expect((await read(topic)).map(({ value }) => Number(value))).toEqual(
      Array.from({ length: 5_000 }, (_, i) => i),
    )
    expect(await stream(topic, 'as it is\n{not json', '?lines=values')).toMatchObject({
      body: { records: 2 },
    })
    expect((await read(topic, '?from=-2')).map(({ value }) => value)).toEqual(['as it is', '{not json'])
    expect(await stream(topic, '{"key":"k","value":"v"}\n', '?lines=records')).toMatchObject({ status: 200 })
    expect(await read(topic, '?from=-1')).toMatchObject([{ key: 'k', value: 'v' }])
    expect(await stream(topic, 'x\n', '?lines=words')).toMatchObject({ status: 400 })
  })

  it('keeps numbers of more digits than a double has, one by one and in a stream', async () => {
    const topic = await newTopic()
    const value = '{"id":12345678901234567890,"huge":1e400,"small":0.1}'
    const headers = { 'content-type': 'application/json' }
    const path = `/v1/topics/${topic}/records`
    expect((await test.json(path, { method: 'POST', headers, body: `{"value":${value}}` })).status).toBe(200)
    await stream(topic, `{"key":12345678901234567890,"value":${value}}`)
    const text = await (await test.fetch(path)).text()
    expect(text.split(`"value":${value}`)).toHaveLength(3)
    expect(text).toContain('"key":"12345678901234567890"')
  })

  it('stops a stream at a bad line, names it, and keeps what stood before it', async () => {
    const topic = await newTopic()
    const { status, body } = await stream(topic, '{"value":"a"}\n{"value":"b"}\nnonsense\n{"value":"c"}\n')
    expect(status).toBe(400)
    expect(body).toEqual({
      error: { code: 'INVALID_REQUEST', message: 'line 3 is no JSON: nonsense' },
      records: 2,
    })
    expect((await read(topic)).map(({ value }) => value)).toEqual(['a', 'b'])
    expect(await stream(topic, `{"value":"${'x'.repeat(2_000)}"}\n`)).toMatchObject({ status: 413 })
    expect(await stream(topic, '{"value":"a","partition":9}\n')).toMatchObject({
      status: 404,
      body: { error: { code: 'UNKNOWN_PARTITION' }, records: 0 },
    })
  })

  it.each([
    ['no object', 'text'],
    ['an unknown field', { values: 1 }],
    ['a negative partition', { partition: -1 }],
    ['a time that is none', { timestamp: 'soon' }],
    ['a day that is none', { timestamp: '2026-02-31T12:00:00Z' }],
    ['base64 that is none', { value: { base64: '%' } }],
    ['headers that are no list', { headers: {} }],
    ['a prototype', JSON.parse('{"__proto__": {"value": 1}}')],
  ])('refuses %s', async (_what, body) => {
    expect(await test.post('/v1/topics/never/records', body)).toMatchObject({ status: 400 })
  })

  it('refuses other bodies: of another type, too large, no JSON', async () => {
    const post = (headers: Record<string, string>, body: string): Promise<{ status: number }> =>
      test.json('/v1/topics/never/records', { method: 'POST', headers, body })
    expect(await post({ 'content-type': 'text/plain' }, 'x')).toMatchObject({ status: 415 })
    expect(await post({ 'content-type': 'application/json' }, `"${'x'.repeat(20_000)}"`)).toMatchObject({
      status: 413,
    })
    expect(await post({ 'content-type': 'application/json; charset=utf-8' }, '{')).toMatchObject({
      status: 400,
    })
    expect(await post({ 'content-type': 'application/json' }, '{"value":1}')).toMatchObject({ status: 200 })
  })

  it('gives records up after a while, as those for a topic that was deleted', async () => {
    await using hasty = await TestGateway.start({ limits: { deliveryMs: 200 } })
    await hasty.client.admin.createTopics([{ name: 'gone' }])
    // A machine that stands still for as long gives up what could be written, too.
    await vi.waitFor(
      async () =>
        expect(await hasty.post('/v1/topics/gone/records', { value: 1 })).toMatchObject({ status: 200 }),
      { timeout: 30_000 },
    )
    await hasty.fetch('/v1/topics/gone', { method: 'DELETE' })
    const error = { code: 'DELIVERY_TIMED_OUT' }
    expect(await hasty.post('/v1/topics/gone/records', { value: 2 })).toMatchObject({
      status: 504,
      body: { error },
    })
  })

  it.each([
    ['a stream that stands still', 'application/x-ndjson', { stallMs: 20 }],
    ['a body that stands still', 'application/json', { stallMs: 20 }],
    ['a body that takes too long', 'application/json', { bodyMs: 20 }],
  ])('answers 408 to %s', async (_what, type, limits) => {
    await using slow = await TestGateway.start({ limits })
    const head = `host: localhost\r\ncontent-type: ${type}\r\ncontent-length: 100\r\n\r\n{"value":`
    const answer = await slow.raw(`POST /v1/topics/a/records HTTP/1.1\r\n${head}`)
    expect(answer).toMatch(/^HTTP\/1.1 408 .*connection: close.*"BODY_TOO_SLOW"/is)
  })
})

describe('GET records', () => {
  it('reads the range that is asked for', async () => {
    const topic = await newTopic(2)
    const records = Array.from({ length: 10 }, (_, i) => ({
      value: `${i}`,
      partition: i % 2,
      timestampMs: 1_000 + i,
    }))
    await test.client.producer().sendMany(topic, records)
    const values = async (query: string): Promise<unknown[]> =>
      (await read(topic, query)).map(({ value }) => Number(value)).sort((a, b) => a - b)
    expect(await values('')).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(await values('?from=1&until=3')).toEqual([2, 3, 4, 5])
    expect(await values('?from=-1')).toEqual([8, 9])
    expect(await values('?partitions=1&limit=2')).toEqual([1, 3])
    expect(await values('?fromTime=1003&untilTime=1006')).toEqual([3, 4, 5])
    expect(await values('?fromTime=1970-01-01T00:00:01.008Z')).toEqual([8, 9])
    expect(await values('?from=end')).toEqual([])
    expect(await values('?limit=0')).toEqual([])
    // Of the first partition all five, and so of the other one no more than two.
    expect(await values('?limit=7')).toHaveLength(7)
  })

  it('gives back bytes that are no text, and JSON that looks like bytes', async () => {
    const topic = await newTopic()
    const values = [
      Buffer.from([0xff, 0]),
      Buffer.from('{"base64":"QQ=="}'),
      Buffer.from('[1.0]'),
      Buffer.from('{a'),
    ]
    await test.client.producer().sendMany(
      topic,
      values.map((value) => ({ value })),
    )
    const text = await (await test.fetch(`/v1/topics/${topic}/records`)).text()
    expect(text).toContain('"value":[1.0]}')
    const copy = await newTopic()
    await stream(copy, text)
    const copied: (Buffer | null)[] = []
    for await (const { value } of test.client.read(copy)) copied.push(value)
    // JSON that is sent again is written anew: its numbers lose what JSON does not tell apart.
    expect(copied.map(String)).toEqual(values.map(String).with(2, '[1]'))
  })

  it.each([
    ['/v1/topics/missing/records', 404, 'UNKNOWN_TOPIC'],
    ['?partitions=7', 404, 'UNKNOWN_PARTITION'],
    ['?from=99', 200, ''],
    ['?from=soon', 400, 'INVALID_REQUEST'],
    ['?form=1', 400, 'INVALID_REQUEST'],
    ['?from=1&from=2', 400, 'INVALID_REQUEST'],
    ['?from=1&fromTime=2', 400, 'INVALID_REQUEST'],
    ['?limit=-1', 400, 'INVALID_REQUEST'],
    ['?follow=maybe', 400, 'INVALID_REQUEST'],
  ])('answers %s with %i', async (path, status, code) => {
    const topic = await newTopic()
    const response = await test.fetch(path.startsWith('/') ? path : `/v1/topics/${topic}/records${path}`)
    expect(response.status).toBe(status)
    if (code !== '') expect(await response.json()).toMatchObject({ error: { code } })
  })

  it('follows, and begins to answer before there is a record', async () => {
    const topic = await newTopic()
    const over = new AbortController()
    const response = await test.fetch(`/v1/topics/${topic}/records?follow`, { signal: over.signal })
    const reader = response.body?.getReader()
    await test.client.producer().send(topic, { value: 'late' })
    const { value } = (await reader?.read()) ?? {}
    expect(JSON.parse(Buffer.from(value ?? '').toString())).toMatchObject({ value: 'late', offset: 0 })
    over.abort()
  })

  it('fetches no further than its reader reads', async () => {
    const topic = await newTopic()
    const value = 'x'.repeat(500_000)
    await test.client.producer().sendMany(
      topic,
      Array.from({ length: 60 }, () => ({ value })),
    )
    const response = await test.fetch(`/v1/topics/${topic}/records`)
    const before = process.memoryUsage().arrayBuffers
    expect(response.status).toBe(200)
    const text = await response.text()
    expect(text.split('\n')).toHaveLength(61)
    expect(before).toBeLessThan(200_000_000)
  })
})
