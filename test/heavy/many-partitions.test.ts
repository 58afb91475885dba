import { createTopics, listOffsets, produce } from '@millrace/protocol'
import { buildBatch } from '@millrace/record-batch'
import { expect, it } from 'vitest'
import { MillraceProcess } from '../../packages/broker/compat/process/millrace-process.ts'
import { WireClient } from '../bad-input/wire-client.ts'
import { HEAVY_TIMEOUT_MS, sized } from './load-size.ts'

const PARTITIONS = sized(200, 1000)
const BATCHES = sized(5, 30)
const TOPIC = 'wide'
const LATEST = -1

async function produceAlone(port: number, partition: number): Promise<void> {
  await using client = await WireClient.connect(port)
  for (let index = 0; index < BATCHES; index += 1) {
    const value = Buffer.from(`${partition} ${index}`)
    const fields = { producerId: 1000 + partition, producerEpoch: 0, baseSequence: index }
    const records = buildBatch([{ key: null, value, timestampMs: 1_700_000_000_000 }], fields)
    const answer = await client.ask(produce, 9, {
      transactionalId: null,
      acks: -1,
      timeoutMs: 10_000,
      topicData: [{ name: TOPIC, partitionData: [{ index: partition, records }] }],
    })
    const reply = answer.responses[0]?.partitionResponses[0]
    expect(reply, `partition ${partition}`).toMatchObject({ errorCode: 0, baseOffset: index })
  }
}

async function ends(port: number): Promise<number[]> {
  await using client = await WireClient.connect(port)
  const partitions = Array.from({ length: PARTITIONS }, (_, partitionIndex) => ({
    partitionIndex,
    timestamp: LATEST,
  }))
  const { topics } = await client.ask(listOffsets, 5, {
    replicaId: -1,
    topics: [{ name: TOPIC, partitions }],
  })
  return topics[0]?.partitions.map(({ errorCode, offset }) => (errorCode === 0 ? offset : -errorCode)) ?? []
}

it(
  `${PARTITIONS} partitions take a producer each, and have everything after a kill`,
  async () => {
    await using broker = await MillraceProcess.start()
    {
      await using client = await WireClient.connect(broker.port)
      const topic = {
        name: TOPIC,
        numPartitions: PARTITIONS,
        replicationFactor: 1,
        assignments: [],
        configs: [],
      }
      const created = await client.ask(createTopics, 7, { topics: [topic], timeoutMs: 60_000 })
      expect(created.topics[0]?.errorCode).toBe(0)
    }
    const startedMs = performance.now()
    await Promise.all(
      Array.from({ length: PARTITIONS }, (_, partition) => produceAlone(broker.port, partition)),
    )
    const rate = (PARTITIONS * BATCHES * 1000) / (performance.now() - startedMs)
    process.stdout.write(`${PARTITIONS} partitions: ${Math.round(rate)} synced batches/s\n`)
    await broker.kill()
    await broker.restart()
    expect(await ends(broker.port)).toEqual(Array.from({ length: PARTITIONS }, () => BATCHES))
  },
  HEAVY_TIMEOUT_MS,
)
