import { json } from '@millrace/record-batch'
import { describe, expect, it } from 'vitest'
import { FakeCluster } from '../../test/fake-cluster.ts'
import { createClient } from '../client.ts'
import { SendManyError } from './delivery.ts'

/** What is wrong, and how it is told. Programs without types send this too. */
const WRONG: readonly [record: unknown, message: string][] = [
  ['text', 'record: got "text", expected an object with a value'],
  [5, 'record: got 5, expected an object with a value'],
  [null, 'record: got null, expected an object with a value'],
  [undefined, 'record: got undefined, expected an object with a value'],
  [{}, 'value: got undefined, expected a string, bytes, or null for a tombstone'],
  [{ vaule: 'a' }, 'value: got undefined, expected a string, bytes, or null for a tombstone'],
  // As kafkajs has it.
  [{ messages: [{ value: 'a' }] }, 'value: got undefined, expected a string, bytes, or null for a tombstone'],
  [{ value: { total: 5 } }, 'value: got {"total":5}, expected a string, bytes or null'],
  [{ key: 5, value: 'a' }, 'key: got 5, expected a string, bytes or null'],
  // As kafkajs has it.
  [
    { value: 'a', timestamp: '7' },
    'a record has no field "timestamp"; it has key, value, headers, timestampMs, partition',
  ],
  [{ value: 'a', timestampMs: 'now' }, 'timestampMs: got "now", expected whole milliseconds'],
  [{ value: 'a', partition: '0' }, 'partition: got "0", expected the number of a partition'],
  [{ value: 'a', partition: 0.5 }, 'partition: got 0.5, expected the number of a partition'],
  [{ value: 'a', partition: null }, 'partition: got null, expected the number of a partition'],
  [
    { value: 'a', headers: { trace: '1' } },
    'headers: got {"trace":"1"}, expected an array of { key, value }',
  ],
  [
    { value: 'a', headers: [{ name: 'a' }] },
    'headers: got {"name":"a"}, expected an array of { key, value }',
  ],
  [{ value: 'a', headers: [{ key: 'a', value: 5 }] }, 'header "a": got 5, expected a string, bytes or null'],
  [{ value: 'a', headers: [{ key: 'a' }] }, 'header "a": got undefined, expected a string, bytes or null'],
]

function setup(): { broker: FakeCluster; client: ReturnType<typeof createClient> } {
  const broker = new FakeCluster({ flights: 1 })
  return { broker, client: createClient({ bootstrapServers: 'fake:9092', network: broker }) }
}

describe('a record that cannot be sent', () => {
  it.each(WRONG)('is told by the field, and is in no batch: %o', async (record, message) => {
    const { broker, client } = setup()
    const producer = client.producer({ compression: 'none' })
    const told = { code: 'INVALID_RECORD', retriable: false, message }
    await expect(producer.send('flights', record as never)).rejects.toMatchObject(told)
    await expect(client.topic('flights').send(record as never)).rejects.toMatchObject(told)
    const many = producer.sendMany('flights', [{ value: 'before' }, record as never, { value: 'after' }])
    const error: unknown = await many.catch((failure: unknown) => failure)
    expect(error instanceof SendManyError && [...error.errors.keys()]).toEqual([1])
    expect(broker.log(0)).toEqual(['before', 'after'])
  })

  it('is told when many are no array', async () => {
    const one = { value: 'a' } as never
    const { client } = setup()
    for (const sent of [client.producer().sendMany('flights', one), client.topic('flights').sendMany(one)]) {
      await expect(sent).rejects.toMatchObject({
        code: 'INVALID_OPTION',
        message: 'records: got {"value":"a"}, expected an array of records',
      })
    }
  })

  it('is told when its topic has no name', async () => {
    const sent = setup()
      .client.producer()
      .send(undefined as never, { value: 'a' })
    await expect(sent).rejects.toMatchObject({ code: 'INVALID_OPTION', message: /^topic: got undefined/ })
  })
})

it('a record that was read may be sent on', async () => {
  const { broker, client } = setup()
  const read = { topic: 'a', partition: 0, offset: 7, timestampMs: 1, key: null, value: 'b', headers: [] }
  await client.producer().send('flights', read)
  expect(broker.log(0)).toEqual(['b'])
})

it('a tombstone is no value, whatever the codec would make of null', async () => {
  const { broker, client } = setup()
  const flights = client.topic('flights', { key: json<string>(), value: json<object>() })
  await flights.sendMany([
    { key: 'a', value: {} },
    { key: 'a', value: null },
  ])
  expect(broker.log(0)).toEqual(['{}', undefined])
})

it('text may be sent where the type is bytes, also beside a codec for the value', async () => {
  const { broker, client } = setup()
  await client.topic('flights').send({ key: 'SFO', value: 'late' })
  expect(broker.log(0)).toEqual(['late'])
})
