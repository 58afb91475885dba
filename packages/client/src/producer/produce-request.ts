import { strict as assert } from 'node:assert'
import type { ProduceRequestInput, ProduceResponse } from '@millrace/protocol'
import type { SentBatch } from './unsettled.ts'

/** What a broker said of one partition of a Produce request. */
export type PartitionAnswer = ProduceResponse['responses'][number]['partitionResponses'][number]

/** Names of topics, as up to this version; later ones take topic ids. */
export const LAST_VERSION_WITH_TOPIC_NAMES = 12

/** One Produce request with these batches, at most one for a partition. The bytes are not copied. */
export function produceRequest(
  sent: readonly SentBatch[],
  options: { readonly acks: number; readonly timeoutMs: number },
): ProduceRequestInput {
  const topics = new Map<string, { index: number; records: Buffer }[]>()
  for (const { queue, batch } of sent) {
    const records = batch.encoded
    assert(records !== null, 'a batch is encoded before it is sent')
    const partitions = topics.get(queue.topic)
    if (partitions === undefined) topics.set(queue.topic, [{ index: queue.partition, records }])
    else partitions.push({ index: queue.partition, records })
  }
  const topicData = [...topics].map(([name, partitionData]) => ({ name, partitionData }))
  return { ...options, topicData }
}

/** Finds the answer for each batch; undefined where the broker left it out. */
export function answersOf(
  sent: readonly SentBatch[],
  response: ProduceResponse,
): (PartitionAnswer | undefined)[] {
  return sent.map(({ queue }) =>
    response.responses
      .find(({ name }) => name === queue.topic)
      ?.partitionResponses.find(({ index }) => index === queue.partition),
  )
}
