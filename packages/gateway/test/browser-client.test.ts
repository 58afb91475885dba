import { gzipSync } from 'node:zlib'
import { producer, read } from '@millrace/client/browser'
import { rolldown } from 'rolldown'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CuttableWire } from '../src/testing/cuttable-wire.ts'
import { TestGateway } from '../src/testing/test-gateway.ts'

let test: TestGateway
beforeAll(async () => {
  test = await TestGateway.start()
})
afterAll(() => test[Symbol.asyncDispose]())

const numbered = (from: number, count: number): { value: string; partition: number }[] =>
  Array.from({ length: count }, (_, i) => ({ value: String(from + i), partition: (from + i) % 2 }))

describe('the browser client', () => {
  it('reads on after every cut, each record once', async () => {
    await test.client.admin.createTopics([{ name: 'a', partitions: 2 }])
    await test.client.producer().sendMany('a', numbered(0, 3_000))
    const wire = await CuttableWire.open(test.gateway.port)
    const values: number[] = []
    let connections = 0
    const reader = read(`ws://127.0.0.1:${wire.port}/v1/socket`, {
      topics: ['a'],
      from: 'beginning',
      maxWaiting: 100,
      onConnection: (state) => {
        if (state === 'connected') connections++
      },
    })
    for await (const { value } of reader) {
      values.push(Number(value))
      if (values.length % 1_000 === 0) wire.cut()
      if (values.length === 3_000) break
    }
    expect(values.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 3_000 }, (_, i) => i))
    expect(connections).toBeGreaterThan(1)
    wire.close()
  })

  it('is never sent more than may wait for the page', async () => {
    // Of its own: records of a reader that has just ended would be counted too.
    await using other = await TestGateway.start()
    await other.client.admin.createTopics([{ name: 'd', partitions: 2 }])
    await other.client.producer().sendMany('d', numbered(0, 3_000))
    const sentCount = async (): Promise<number> => {
      const metrics = await (await other.fetch('/metrics')).text()
      return Number(/^millrace_gateway_websocket_records_total (\d+)$/m.exec(metrics)?.[1])
    }
    const url = `ws://127.0.0.1:${other.gateway.port}/v1/socket`
    const reader = read(url, { topics: ['d'], from: 'beginning', maxWaiting: 100 })
    let taken = 0
    for await (const _record of reader) {
      if (++taken % 500 === 0) expect(await sentCount()).toBeLessThanOrEqual(taken + 100)
      if (taken === 2_000) break
    }
  })

  it('goes on after a reload where it had come to', async () => {
    await test.client.admin.createTopics([{ name: 'b', partitions: 2 }])
    await test.client.producer().sendMany('b', numbered(0, 100))
    const url = `ws://127.0.0.1:${test.gateway.port}/v1/socket`
    const values: number[] = []
    const first = read(url, { topics: ['b'], from: 'beginning' })
    for await (const { value } of first) if (values.push(Number(value)) === 37) break
    const kept = JSON.parse(JSON.stringify(first.positions))
    for await (const { value } of read(url, { resume: kept })) if (values.push(Number(value)) === 100) break
    expect(values.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i))
  })

  it('sends, and tells where it was written, or why not', async () => {
    const sender = producer(`ws://127.0.0.1:${test.gateway.port}/v1/socket`)
    await test.client.admin.createTopics([{ name: 'c' }])
    expect(await sender.send('c', [{ key: 'k', value: { a: 1 } }])).toEqual([{ partition: 0, offset: 0 }])
    await expect(sender.send('c', [{ partition: 7 }])).rejects.toMatchObject({ code: 'UNKNOWN_PARTITION' })
    await sender.close()
    await expect(sender.send('c', [{}])).rejects.toMatchObject({ code: 'CLOSED' })
  })

  it('sends what stands beside something that the gateway refuses', async () => {
    const sender = producer(`ws://127.0.0.1:${test.gateway.port}/v1/socket`)
    await test.client.admin.createTopics([{ name: 'e', partitions: 1 }])
    const sends = [[{ value: 'x' }], [{ timestamp: 'never' }], [], [{ value: 'y' }]].map((records) =>
      sender.send('e', records),
    )
    const [first, wrong, empty, last] = await Promise.allSettled(sends)
    expect(first).toMatchObject({ value: [{ partition: 0, offset: 0 }] })
    expect(wrong).toMatchObject({
      reason: { code: 'INVALID_REQUEST', message: expect.stringContaining('record 0: timestamp') },
    })
    expect(empty).toMatchObject({ reason: { code: 'INVALID_REQUEST' } })
    expect(last).toMatchObject({ value: [{ partition: 0, offset: 1 }] })
    await sender.close()
  })

  it('ends with what the gateway did not understand, instead of asking again and again', async () => {
    const url = `ws://127.0.0.1:${test.gateway.port}/v1/socket`
    const from = 'middle' as 'end'
    const reader = read(url, { topics: ['a'], from })
    await expect(reader[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining('from: expected "beginning"'),
    })
  })

  it('tells of a topic that is not there', async () => {
    const reader = read(`ws://127.0.0.1:${test.gateway.port}/v1/socket`, { topics: ['missing'] })
    await expect(reader[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' })
  })
})

it('is less than 10 KB on its way to a page', async () => {
  const bundle = await rolldown({
    input: '@millrace/client/browser',
    platform: 'browser',
    // As a page's own bundler would, but from what has not been built.
    resolve: { conditionNames: ['@millrace/source', 'browser', 'import', 'default'] },
  })
  const { output } = await bundle.generate({ minify: true })
  expect(output).toHaveLength(1)
  expect(gzipSync(output[0].code).length).toBeLessThan(10_000)
  // Nothing of Node and no other package is in it, or would have to be there beside it.
  expect(output[0].imports).toEqual([])
  await bundle.close()
})
