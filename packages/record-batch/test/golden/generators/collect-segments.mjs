// Reads the first segment of every CLIENT-CODEC-SET topic of a Kafka data directory into ../CLIENT.json.
// usage: collect-segments.mjs DATA_DIRECTORY
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

const golden = {}
for (const directory of readdirSync(process.argv[2]).sort()) {
  const [, client, codec, set] = /^(librdkafka|aiokafka|kafkajs)-(\w+)-(\w+)-0$/.exec(directory) ?? []
  if (client === undefined) continue
  const segment = readFileSync(`${process.argv[2]}/${directory}/00000000000000000000.log`)
  golden[client] ??= []
  golden[client].push({ name: `${codec} ${set}`, records: set, batch: segment.toString('base64') })
}
for (const [client, batches] of Object.entries(golden)) {
  writeFileSync(new URL(`../${client}.json`, import.meta.url), `${JSON.stringify(batches)}\n`)
}
