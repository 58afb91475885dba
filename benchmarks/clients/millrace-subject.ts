import { createClient, json } from '@millrace/client'
import { type DecodedValue, type OpenSubject, partOf } from './subject.ts'

const RECORDS_PER_SEND = 10_000
/** `sendMany` calls under way: enough that one is encoded while another one is on its way. */
const SENDS_IN_FLIGHT = 4

export const openMillrace: OpenSubject = async (bootstrap) => {
  const client = createClient({ bootstrapServers: bootstrap })
  await client.connect()
  const producer = client.producer({ compression: 'none' })
  return {
    async produceMany(topic, values) {
      const sending: Promise<unknown>[] = []
      for (let part = 0; part * RECORDS_PER_SEND < values.count; part++) {
        if (part >= SENDS_IN_FLIGHT) await sending[part - SENDS_IN_FLIGHT]
        sending.push(producer.sendMany(topic, partOf(values, RECORDS_PER_SEND, part)))
      }
      await Promise.all(sending)
    },
    async produceEach(topic, values, inFlight) {
      // As a program would: a window of sends, then the promise of each of them.
      for (let start = 0; start < values.count; start += inFlight) {
        const sending: Promise<unknown>[] = []
        const end = Math.min(values.count, start + inFlight)
        for (let i = start; i < end; i++) sending.push(producer.send(topic, { value: values.at(i) }))
        await Promise.all(sending)
      }
    },
    async consume(topic, count, take) {
      let got = 0
      const reader = client.read(topic)
      for (let batch = await reader.nextBatch(); batch !== null; batch = await reader.nextBatch()) {
        for (const { value } of batch) take(value)
        got += batch.length
        if (got >= count) break
      }
      await reader.close()
    },
    async consumeDecoded(topic, count, take) {
      let got = 0
      for await (const batch of client.topic(topic, { value: json<DecodedValue>() }).readBatches()) {
        for (const { value } of batch) if (value !== null) take(value)
        got += batch.length
        if (got >= count) break
      }
    },
    close: () => client.close(),
  }
}
