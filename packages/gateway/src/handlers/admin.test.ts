import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestGateway } from '../testing/test-gateway.ts'

let test: TestGateway
beforeAll(async () => {
  test = await TestGateway.start()
})
afterAll(() => test[Symbol.asyncDispose]())

describe('topics', () => {
  it('are created, listed, described and deleted', async () => {
    const spec = { name: 'flights', partitions: 2, replicationFactor: 1, configs: { 'retention.ms': '1000' } }
    const created = await test.post('/v1/topics', spec)
    expect(created).toMatchObject({ status: 201, body: { name: 'flights', partitions: 2 } })
    await test.client.producer().send('flights', { value: 'a', partition: 1 })
    expect((await test.json('/v1/topics')).body).toMatchObject({
      topics: [{ name: 'flights', partitions: 2 }],
    })
    const described = await test.json('/v1/topics/flights')
    expect(described.body).toMatchObject({
      name: 'flights',
      partitions: [
        { partition: 0, firstOffset: 0, nextOffset: 0 },
        { partition: 1, firstOffset: 0, nextOffset: 1 },
      ],
      configs: { 'retention.ms': '1000' },
    })
    const twice = await test.post('/v1/topics', { name: 'twice', replicationFactor: 2 })
    expect(twice).toMatchObject({ status: 400, body: { error: { code: 'INVALID_REPLICATION_FACTOR' } } })
    const deleted = await test.fetch('/v1/topics/flights', { method: 'DELETE' })
    expect([deleted.status, await deleted.text()]).toEqual([204, ''])
    expect(await test.json('/v1/topics/flights')).toMatchObject({ status: 404 })
  })

  it.each([
    [{ name: 'there' }, 409, 'TOPIC_ALREADY_EXISTS'],
    [{ name: 'a b' }, 400, 'INVALID_TOPIC_EXCEPTION'],
    [{ name: 'x', configs: { 'no.such': '1' } }, 400, 'INVALID_CONFIG'],
    [{ name: 'x', partitions: 0 }, 400, 'INVALID_REQUEST'],
    [{ name: 'x', configs: { a: 1 } }, 400, 'INVALID_REQUEST'],
    [{}, 400, 'INVALID_REQUEST'],
    [[], 400, 'INVALID_REQUEST'],
  ])('are refused as %j with %i %s', async (spec, status, code) => {
    if (code === 'TOPIC_ALREADY_EXISTS') await test.client.admin.createTopics([{ name: 'there' }])
    expect(await test.post('/v1/topics', spec)).toMatchObject({ status, body: { error: { code } } })
  })
})

describe('groups', () => {
  it('are listed with their lag, reset and deleted', async () => {
    await test.client.admin.createTopics([{ name: 'g', partitions: 2 }])
    const records = Array.from({ length: 10 }, (_, i) => ({
      value: `${i}`,
      partition: i % 2,
      timestampMs: i,
    }))
    await test.client.producer().sendMany('g', records)
    await test.client.admin.alterOffsets('readers', [{ topic: 'g', partition: 0, offset: 2 }])
    const topics = async (query: string): Promise<string> => (await test.fetch(`/v1/topics${query}`)).text()
    expect(await topics('')).not.toContain('__consumer_offsets')
    expect(await topics('?internal')).toContain('__consumer_offsets')
    expect((await test.json('/v1/groups')).body).toMatchObject({
      groups: [{ group: 'readers', state: 'Empty' }],
    })
    expect((await test.json('/v1/groups/readers')).body).toMatchObject({ group: 'readers', members: [] })
    const lag = { topic: 'g', partition: 0, committed: 2, nextOffset: 5, lag: 3 }
    expect((await test.json('/v1/groups/readers/lag')).body).toEqual({
      group: 'readers',
      state: 'Empty',
      totalLag: 3,
      partitions: [lag],
    })
    // As after a topic was deleted and made again.
    await test.client.admin.alterOffsets('ahead', [{ topic: 'g', partition: 0, offset: 99 }])
    expect((await test.json('/v1/groups/ahead/lag')).body).toMatchObject({
      totalLag: 0,
      partitions: [{ lag: 0 }],
    })
    await test.client.admin.deleteGroup('ahead')
    const reset = (body: unknown): Promise<{ status: number; body: unknown }> =>
      test.post('/v1/groups/readers/reset', body)
    expect((await reset({ to: 'end', dryRun: true })).body).toMatchObject({
      dryRun: true,
      offsets: [{ partition: 0, from: 2, to: 5 }],
    })
    expect((await test.json('/v1/groups/readers/lag')).body).toMatchObject({ totalLag: 3 })
    expect((await reset({ to: { time: 4 }, topics: ['g'] })).body).toMatchObject({
      offsets: [
        { partition: 0, from: 2, to: 2 },
        { partition: 1, from: null, to: 2 },
      ],
    })
    expect((await reset({ to: -1, partitions: [1] })).body).toMatchObject({
      offsets: [{ partition: 1, to: 4 }],
    })
    expect((await reset({ to: 'beginning', topics: ['g'] })).body).toMatchObject({
      offsets: [{ to: 0 }, { to: 0 }],
    })
    expect((await reset({ to: 99 })).body).toMatchObject({ offsets: [{ to: 5 }, { to: 5 }] })
    expect((await test.json('/v1/groups/readers/lag')).body).toMatchObject({ totalLag: 0 })
    expect((await test.fetch('/v1/groups/readers', { method: 'DELETE' })).status).toBe(204)
    expect(await test.json('/v1/groups/readers/lag')).toMatchObject({ status: 404 })
  })

  it.each([
    [{}, 400],
    [{ to: 'soon' }, 400],
    [{ to: 'end' }, 409],
    [{ to: 'end', topics: ['missing'] }, 404],
    [{ to: { time: 'soon' } }, 400],
  ])('are not reset by %j', async (body, status) => {
    expect(await test.post('/v1/groups/nobody/reset', body)).toMatchObject({ status })
  })

  it('with members are not reset', async () => {
    await test.client.admin.createTopics([{ name: 'busy' }])
    await test.client.producer().send('busy', { value: 'a' })
    const consumer = test.client.consume(['busy'], { group: 'workers', from: 'beginning' })
    const records = consumer[Symbol.asyncIterator]()
    await records.next()
    const answer = await test.post('/v1/groups/workers/reset', { to: 'end', topics: ['busy'] })
    expect(answer).toMatchObject({ status: 409 })
    await consumer.close()
  })
})
