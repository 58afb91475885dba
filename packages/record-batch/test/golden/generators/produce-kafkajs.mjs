// Produces ../records.json with kafkajs, a topic per codec and set. usage: produce-kafkajs.mjs BOOTSTRAP
// Run where kafkajs and kafkajs-snappy are installed; kafkajs-lz4 and a zstd plug-in need a compiler.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(`${process.cwd()}/`)
const { CompressionCodecs, CompressionTypes, Kafka, logLevel } = require('kafkajs')
CompressionCodecs[CompressionTypes.Snappy] = require('kafkajs-snappy')

const sets = JSON.parse(readFileSync(new URL('../records.json', import.meta.url), 'utf8'))
const raw = (text) => (text === null ? null : Buffer.from(text, 'base64'))
const kafka = new Kafka({ brokers: [process.argv[2]], logLevel: logLevel.ERROR })
const producer = kafka.producer({ allowAutoTopicCreation: true })
await producer.connect()
for (const [codec, compression] of [
  ['none', CompressionTypes.None],
  ['gzip', CompressionTypes.GZIP],
  ['snappy', CompressionTypes.Snappy],
]) {
  for (const set of codec === 'none' ? ['mixed'] : ['mixed', 'bulk']) {
    // kafkajs takes headers as an object: a repeated name becomes an array of values.
    const messages = sets[set].map((record) => {
      const headers = {}
      for (const [key, value] of record.headers) {
        headers[key] ??= []
        headers[key].push(raw(value))
      }
      return {
        key: raw(record.key),
        value: raw(record.value),
        timestamp: String(record.timestampMs),
        headers,
        partition: 0,
      }
    })
    await producer.send({ topic: `kafkajs-${codec}-${set}`, compression, messages })
  }
}
await producer.disconnect()
