import { produce } from '@millrace/protocol'
import { produceBody, type TestBroker } from './test-broker.ts'
import type { TestConnection } from './test-connection.ts'

/** Produces to one partition, by default on a connection of its own, and gives the broker's answer for it. */
export async function send(
  broker: TestBroker,
  records: Buffer | null,
  { topic = 't', acks = -1, partition = 0, version = 9, connection = broker.connect() } = {} as {
    topic?: string
    acks?: number
    partition?: number
    version?: number
    connection?: TestConnection
  },
) {
  const body = produceBody(topic, records, { acks, partition })
  const { responses } = await broker.settle(connection.request(produce, version, body))
  const reply = responses[0]?.partitionResponses[0]
  if (reply === undefined) throw new Error('no partition in the answer')
  return reply
}
