import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestGateway } from '../testing/test-gateway.ts'

let test: TestGateway
beforeAll(async () => {
  test = await TestGateway.start({ limits: { heartbeatMs: 20 } })
})
afterAll(() => test[Symbol.asyncDispose]())

interface Event {
  readonly id: string
  readonly value: unknown
}

/** Listens until so many records came, then cuts the connection off. */
async function listen(
  topic: string,
  count: number,
  init: { query?: string; lastEventId?: string } = {},
): Promise<Event[]> {
  const over = new AbortController()
  const headers = init.lastEventId === undefined ? {} : { 'last-event-id': init.lastEventId }
  const response = await test.fetch(`/v1/topics/${topic}/events${init.query ?? ''}`, {
    headers,
    signal: over.signal,
  })
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  const events: Event[] = []
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString()
    const parts = text.split('\n\n')
    text = parts.pop() ?? ''
    for (const part of parts) {
      const id = /^id: (.*)$/m.exec(part)?.[1] ?? ''
      const data = /^data: (.*)$/m.exec(part)?.[1]
      if (data !== undefined && events.length < count) events.push({ id, value: JSON.parse(data).value })
    }
    if (events.length >= count) break
  }
  over.abort()
  return events
}

/** What comes until the pattern matches, without the signs of life between. */
async function textOf(path: string, pattern: RegExp): Promise<string> {
  const response = await test.fetch(path)
  let text = ''
  for await (const chunk of response.body ?? []) {
    text = `${text}${Buffer.from(chunk).toString()}`.replaceAll(/^:\n\n/gm, '')
    if (pattern.test(text)) break
  }
  return text
}

const send = (topic: string, from: number, count: number): Promise<unknown> =>
  test.client.producer().sendMany(
    topic,
    Array.from({ length: count }, (_, i) => ({ value: String(from + i), partition: (from + i) % 3 })),
  )

describe('GET events', () => {
  it('resumes behind any event, in every partition, without a gap or a double', async () => {
    await test.client.admin.createTopics([{ name: 'a', partitions: 3 }])
    await send('a', 0, 30)
    const first = await listen('a', 7, { query: '?from=beginning' })
    await send('a', 30, 30)
    const second = await listen('a', 20, { lastEventId: first.at(-1)?.id ?? '' })
    const third = await listen('a', 33, { query: `?lastEventId=${second.at(-1)?.id}` })
    const values = [...first, ...second, ...third].map(({ value }) => Number(value))
    expect(values.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, i) => i))
  })

  it('starts with what comes, and says so before there is a record', async () => {
    await test.client.admin.createTopics([{ name: 'b', partitions: 2 }])
    await test.client.producer().send('b', { value: 'old', partition: 0 })
    const over = new AbortController()
    const response = await test.fetch('/v1/topics/b/events', { signal: over.signal })
    const body = response.body?.getReader()
    const [start, alive] = ['id: 0:1,1:0\n\n', ':\n\n']
    let text = ''
    while (text.length < start.length + alive.length)
      text += Buffer.from((await body?.read())?.value ?? []).toString()
    expect(text.startsWith(start + alive)).toBe(true)
    over.abort()
    expect(await listen('b', 1, { lastEventId: '0:0,1:0' })).toEqual([{ id: '0:1,1:0', value: 'old' }])
  })

  it('tells of records that were deleted before they could be resumed', async () => {
    await test.client.admin.createTopics([{ name: 'c', partitions: 2 }])
    await test.client.producer().sendMany(
      'c',
      ['a', 'b', 'c'].map((value) => ({ value, partition: 0 })),
    )
    await test.client.admin.deleteRecords([{ topic: 'c', partition: 0, before: 2 }])
    // Nothing is known of the second partition: it may be new since.
    const gap = 'event: gap\ndata: {"partition":0,"from":1,"to":2}\n\n'
    const first = /^id: 0:3,1:0\ndata: .*"value":"c"}\n\n/m
    expect(await textOf('/v1/topics/c/events?lastEventId=0:1', first)).toMatch(
      `id: 0:2,1:0\n\n${gap}id: 0:3,1:0\ndata: `,
    )
  })

  it('begins anew behind an end that lies beyond the log, as of a topic that was made again', async () => {
    await test.client.admin.createTopics([{ name: 'd' }])
    await test.client.producer().send('d', { value: 'new' })
    expect(await listen('d', 1, { lastEventId: '0:99' })).toEqual([{ id: '0:1', value: 'new' }])
  })

  it.each([
    ['missing/events', 404],
    ['c/events?lastEventId=nonsense', 400],
    ['c/events?partitions=9', 404],
    ['c/events?until=1', 400],
  ])('answers %s with %i', async (path, status) => {
    expect((await test.fetch(`/v1/topics/${path}`)).status).toBe(status)
  })
})
