/** One figure of one client in a fresh process: `one-measurement.ts CLIENT ROW BOOTSTRAP TOPIC COUNT`. Prints it. */
import { strict as assert } from 'node:assert'
import process from 'node:process'
import { spreadOf } from '../harness/median.ts'
import { makeRecords } from '../harness/records.ts'
import { measureRawRoundTrip } from './raw-round-trip.ts'
import type { OpenSubject, Values } from './subject.ts'

// Loaded when it is meant, so that no client runs beside the leftovers of another one.
const SUBJECTS: Readonly<Record<string, () => Promise<OpenSubject>>> = {
  millrace: async () => (await import('./millrace-subject.ts')).openMillrace,
  kafkajs: async () => (await import('./kafkajs-subject.ts')).openKafkajs,
  platformatic: async () => (await import('./platformatic-subject.ts')).openPlatformatic,
}
/** So many sends of one record are under way at a time in the row about promises. */
const IN_FLIGHT = 5_000
/** Whoever sends each record in a request of its own: more at a time would only wait. */
const IN_FLIGHT_OF_OTHERS = 100
const POOL_SIZE = 10_000
const VALUE_BYTES = 100

const [name = '', row = '', bootstrap = '', topic = '', countText = '1'] = process.argv.slice(2)
const count = Number(countText)

/** JSON of 100 bytes, so that `decoded` has something to parse. */
function makeValues(howMany: number): Values {
  const pool = makeRecords({ count: POOL_SIZE, valueBytes: 70, hasKeys: false }).map(({ value }, id) => {
    const text = value.toString('latin1').replaceAll('"', "'")
    return Buffer.from(
      JSON.stringify({ id, text: text.slice(0, VALUE_BYTES - 17 - String(id).length) }).padEnd(VALUE_BYTES),
    )
  })
  return { count: howMany, at: (index) => pool[index % POOL_SIZE] ?? Buffer.alloc(0) }
}

async function measure(): Promise<number> {
  if (name === 'raw') return measureRawRoundTrip(bootstrap, topic, makeValues(count))
  const load = SUBJECTS[name]
  assert(load !== undefined, `no client is called "${name}"`)
  const subject = await (await load())(bootstrap)
  try {
    switch (row) {
      case 'produce-many': {
        const values = makeValues(count)
        return await perSecond(() => subject.produceMany(topic, values))
      }
      case 'produce-each': {
        const values = makeValues(count)
        const inFlight = name === 'millrace' ? IN_FLIGHT : IN_FLIGHT_OF_OTHERS
        return await perSecond(() => subject.produceEach(topic, values, inFlight))
      }
      case 'consume-decoded': {
        let sum = 0
        const rate = await perSecond(() =>
          subject.consumeDecoded(topic, count, ({ id }) => {
            sum += id
          }),
        )
        assert(sum > 0, 'records were decoded')
        return rate
      }
      case 'consume-raw': {
        let sum = 0
        const rate = await perSecond(() =>
          subject.consume(topic, count, (value) => {
            sum += value?.length ?? 0
          }),
        )
        assert(sum >= count * 100, 'records were read')
        return rate
      }
      case 'round-trip': {
        const values = makeValues(count)
        const times: number[] = []
        for (let i = 0; i < count; i++) {
          const startMs = performance.now()
          await subject.produceEach(topic, { count: 1, at: () => values.at(i) }, 1)
          times.push((performance.now() - startMs) * 1000)
        }
        return spreadOf(times.slice(times.length >> 1)).median
      }
      default:
        throw new Error(`no row is called "${row}"`)
    }
  } finally {
    void subject.close()
  }
}

async function perSecond(run: () => Promise<void>): Promise<number> {
  const startMs = performance.now()
  await run()
  return (count / (performance.now() - startMs)) * 1000
}

process.stdout.write(`${await measure()}\n`)
process.exit(0)
