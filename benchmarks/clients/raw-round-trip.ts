import { once } from 'node:events'
import { connect } from 'node:net'
import { encodeRequest, produce } from '@millrace/protocol'
import { buildBatch } from '@millrace/record-batch'
import { spreadOf } from '../harness/median.ts'
import type { Values } from './subject.ts'

const PRODUCE_VERSION = 9

/** What the socket and the broker take for one record at a time, without any client: p50 in microseconds. */
export async function measureRawRoundTrip(bootstrap: string, topic: string, values: Values): Promise<number> {
  const [host = 'localhost', port = '9092'] = bootstrap.split(':')
  const socket = connect({ host, port: Number(port), noDelay: true })
  await once(socket, 'connect')
  const requests = Array.from({ length: values.count }, (_, correlationId) => {
    const records = buildBatch([
      { key: null, value: values.at(correlationId), timestampMs: 1_700_000_000_000 },
    ])
    const input = {
      acks: -1,
      timeoutMs: 30_000,
      topicData: [{ name: topic, partitionData: [{ index: 0, records }] }],
    }
    return Buffer.concat(encodeRequest(produce, PRODUCE_VERSION, { correlationId, clientId: 'raw' }, input))
  })
  const times: number[] = []
  for (const request of requests) {
    const startMs = performance.now()
    socket.write(request)
    await once(socket, 'data')
    times.push((performance.now() - startMs) * 1000)
  }
  socket.destroy()
  return spreadOf(times.slice(times.length >> 1)).median
}
