// The other direction: kafka-clients reads what we write, with every codec.
// usage: KAFKA_LIBS=DIRECTORY node --conditions=@millrace/source check-ours.ts
import { strict as assert } from 'node:assert'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { buildBatch, Compression } from '../../../src/index.ts'

interface GoldenRecord {
  readonly key: string | null
  readonly value: string | null
  readonly timestampMs: number
  readonly headers: readonly (readonly [string, string | null])[]
}
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const sets: Record<string, GoldenRecord[]> = JSON.parse(readFileSync(here('../records.json'), 'utf8'))
const raw = (text: string | null) => (text === null ? null : Buffer.from(text, 'base64'))

const batches = Object.entries(sets).flatMap(([set, records]) =>
  Object.entries(Compression).map(([codec, compression]) => {
    const input = records.map(({ key, value, timestampMs, headers }) => ({
      key: raw(key),
      value: raw(value),
      timestampMs,
      headers: headers.map(([name, bytes]) => ({ key: name, value: raw(bytes) })),
    }))
    return {
      name: `${codec} ${set}`,
      records: set,
      batch: buildBatch(input, { compression }).toString('base64'),
    }
  }),
)
const answer = execFileSync('java', ['-cp', `${process.env.KAFKA_LIBS}/*`, here('KafkaReads.java')], {
  input: JSON.stringify(batches),
  maxBuffer: 64 * 1024 * 1024,
  stdio: ['pipe', 'pipe', 'ignore'],
})
const read: unknown[] = JSON.parse(answer.toString('utf8'))
for (const [index, { name, records }] of batches.entries()) {
  assert.deepEqual(read[index], sets[records], name)
  console.log(`${name}: read by Kafka as written`)
}
