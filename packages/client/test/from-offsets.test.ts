import { startBroker } from '@millrace/broker'
import { expect, it } from 'vitest'
import { createClient } from '../src/index.ts'

it('reads each partition from an offset of its own, and from its beginning where none is named', async () => {
  await using broker = await startBroker({ host: '127.0.0.1', port: 0 })
  await using client = createClient({ bootstrapServers: broker.bootstrapServers })
  await client.admin.createTopics([{ name: 'a', partitions: 3 }])
  const records = [0, 1, 2].flatMap((partition) =>
    ['x', 'y', 'z'].map((letter) => ({ partition, value: `${partition}${letter}` })),
  )
  await client.producer().sendMany('a', records)
  const read: string[] = []
  for await (const { value } of client.read('a', { from: { offsets: { 0: 2, 1: 3 } } }))
    read.push(String(value))
  expect(read.sort()).toEqual(['0z', '2x', '2y', '2z'])
  expect(() => client.read('a', { from: { offsets: { 0: -1 } } })).toThrow('from')
})
