/**
 * librdkafka, franz-go, Java and kafkajs produce and consume at once while the broker is killed again and again: what
 * each was told is written stands there once.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { createClient } from '@millrace/client'
import { expect, it } from 'vitest'
import {
  consumeInGroup,
  type ForeignClient,
  foreignClients,
  produceRecords,
} from '../../packages/broker/compat/foreign-client.ts'
import { MillraceProcess } from '../../packages/broker/compat/process/millrace-process.ts'
import { killAndRestart } from '../main-job/kills.ts'
import { SeededRandom } from '../seeded-random.ts'
import { HEAVY_TIMEOUT_MS, sized } from './load-size.ts'

const KILLS = sized(2, 20)
const SEED = Number(process.env.HEAVY_SEED ?? Math.floor(Math.random() * 2 ** 31))
const PARTITIONS = 3
const COUNT = sized(3000, 30_000)
const NAMES = ['confluent-kafka', 'franz-go', 'Java', 'kafkajs']

const clients = foreignClients().filter(({ name }) => NAMES.includes(name))
const here = clients.filter(({ availability }) => availability.kind === 'here')
const mustBeHere = process.env.MILLRACE_REQUIRE_CLIENTS === '1'
const absent = clients.filter((client) => !here.includes(client)).map(({ name }) => name)

const topicOf = ({ name }: ForeignClient): string => `kills-${name.toLowerCase()}`

interface Use {
  readonly client: ForeignClient
  /** The runs that were acknowledged as a whole: COUNT records each. */
  runs: number
  consumed: number
  /** Consumers that gave up because the broker was away, and were started again. */
  restarts: number
}

/** Some clients end when nobody listens: what supervises them starts them again. */
function isAbsence(error: unknown): boolean {
  return /refused|reset|EPIPE|disconnect|transport failure|broken pipe/i.test(String(error))
}

/** Produces run after run, each in a process of its own, and reads one behind; until `isOver`. */
async function use(client: ForeignClient, bootstrap: string, isOver: () => boolean): Promise<Use> {
  const result: Use = { client, runs: 0, consumed: 0, restarts: 0 }
  const topic = topicOf(client)
  const producing = async (): Promise<void> => {
    do {
      const target = { bootstrap, topic, count: COUNT, prefix: `run${result.runs}` }
      expect(await produceRecords(client, target)).toBe(COUNT)
      result.runs += 1
    } while (!isOver())
  }
  const consuming = async (): Promise<void> => {
    while (!isOver()) {
      if (result.consumed >= result.runs * COUNT) {
        await wait(50)
        continue
      }
      const reading = { bootstrap, topic, group: `of-${topic}`, count: COUNT }
      const tally = await consumeInGroup(client, reading).catch((error: unknown) => {
        if (!isAbsence(error)) throw error
        result.restarts += 1
        return {}
      })
      result.consumed += Object.values(tally).reduce((sum, { count }) => sum + count, 0)
    }
  }
  await Promise.all([producing(), consuming()])
  return result
}

it.runIf(absent.length === 0 || mustBeHere)(
  `${NAMES.join(', ')}: each acknowledged record once through ${KILLS} kills (HEAVY_SEED=${SEED})${absent.map((name) => `; ${name} is not here`).join('')}`,
  async () => {
    await using broker = await MillraceProcess.start()
    await using client = createClient({ bootstrapServers: broker.bootstrap })
    await client.admin.createTopics(clients.map((each) => ({ name: topicOf(each), partitions: PARTITIONS })))
    let isOver = false
    const using = Promise.all(clients.map((each) => use(each, broker.bootstrap, () => isOver)))
    const killing = killAndRestart(broker, { kills: KILLS, random: new SeededRandom(SEED) })
    // Whichever fails first is told; a client that failed must not wait for all the kills.
    await Promise.race([killing, using])
    await killing
    isOver = true
    const uses = await using
    for (const { client: foreign, consumed, restarts, runs } of uses) {
      const told = `${runs * COUNT} written, ${consumed} read meanwhile, ${restarts} consumers started again`
      process.stdout.write(`${foreign.name}: ${told}\n`)
      const seen = new Map<string, number>()
      for await (const { value } of client.topic(topicOf(foreign)).read()) {
        seen.set(String(value), (seen.get(String(value)) ?? 0) + 1)
      }
      const doubled = [...seen].filter(([, times]) => times > 1).map(([value]) => value)
      expect({ client: foreign.name, doubled: doubled.slice(0, 5) }).toEqual({
        client: foreign.name,
        doubled: [],
      })
      const lost: string[] = []
      for (let run = 0; run < runs; run += 1) {
        for (let index = 0; index < COUNT; index += 1) {
          if (!seen.delete(`run${run}-${index}`)) lost.push(`run${run}-${index}`)
        }
      }
      expect({ client: foreign.name, lost: lost.slice(0, 5), strange: seen.size }).toEqual({
        client: foreign.name,
        lost: [],
        strange: 0,
      })
    }
  },
  HEAVY_TIMEOUT_MS,
)
