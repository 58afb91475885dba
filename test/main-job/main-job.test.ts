/**
 * The main job on real input: flights piped into `millrace produce` while the broker is killed again and again, read
 * back by every client, counted by a group, replayed. `npm run main-job` does it with all 3,000,000 flights.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dumpTopic, foreignClients } from '../../packages/broker/compat/foreign-client.ts'
import { MillraceProcess, runMillrace } from '../../packages/broker/compat/process/millrace-process.ts'
import type { Tally } from '../../packages/broker/compat/record-tally.ts'
import { SeededRandom } from '../seeded-random.ts'
import { countInGroup } from './count-group.ts'
import { type FlightTruth, flightTruth } from './flights.ts'
import { killAndRestart } from './kills.ts'
import { LossyRelay } from './lossy-relay.ts'
import { producePaced } from './paced-produce.ts'
import { checkStored, type StoredFlights, tailFlights } from './stored-flights.ts'

const COUNT = Number(process.env.MAIN_JOB_FLIGHTS ?? 300_000)
const SEED = Number(process.env.MAIN_JOB_SEED ?? Math.floor(Math.random() * 2 ** 31))
const TOPIC = 'flights'
const PARTITIONS = 6
const KILLS = 10
/** What the whole of it may take; the part in CI is a fifth of this. */
const TIMEOUT_MS = 30 * 60_000

const clients = foreignClients()

describe(`the main job with ${COUNT} flights (MAIN_JOB_SEED=${SEED})`, () => {
  let relay: LossyRelay
  let broker: MillraceProcess
  let truth: FlightTruth
  let stored: StoredFlights

  beforeAll(async () => {
    truth = await flightTruth(COUNT)
    relay = await LossyRelay.start()
    const settings = { 'advertised.listeners': `PLAINTEXT://localhost:${relay.port}` }
    broker = await MillraceProcess.start({ settings, args: ['--log-level', 'debug'] })
    relay.targetPort = broker.port
    const create = ['topic', 'create', TOPIC, '--partitions', String(PARTITIONS), '--set', 'retention.ms=-1']
    const created = await runMillrace(create, { bootstrap: broker.bootstrap })
    expect(created).toMatchObject({ code: 0, stderr: '' })
  }, TIMEOUT_MS)

  afterAll(async () => {
    await broker?.close()
    await relay?.[Symbol.asyncDispose]()
  })

  it(
    'goes through ten kills, the first of them before an answer, so that idempotence answers a duplicate',
    async () => {
      let isDone = false
      const duplicates = (): number => broker.output.match(/duplicate/gi)?.length ?? 0
      const producing = producePaced({
        bootstrap: broker.bootstrap,
        topic: TOPIC,
        count: COUNT,
        flightsPerSecond: Math.max(10_000, COUNT / 30),
        mayFinish: () => isDone,
      })
      await relay.swallowProduceAnswer()
      await broker.kill()
      await broker.restart()
      await killAndRestart(broker, { kills: KILLS - 1, random: new SeededRandom(SEED) })
      isDone = true
      const result = await producing
      expect(result).toMatchObject({ code: 0 })
      expect(duplicates()).toBeGreaterThan(0)
    },
    TIMEOUT_MS,
  )

  it(
    'lost nothing, doubled nothing, and kept the order of each key',
    async () => {
      const flights = tailFlights(broker.bootstrap, TOPIC, ['--from', 'beginning'])
      stored = await checkStored(flights, { count: COUNT, timestamps: truth.timestamps })
      expect(stored.faults).toEqual([])
      expect(stored.rows.size).toBe(PARTITIONS)
    },
    TIMEOUT_MS,
  )

  it.runIf(clients.length > 0).each(clients.filter(({ availability }) => availability.kind === 'here'))(
    '$name reads every flight from the beginning: same count, same hash',
    async (client) => {
      const tally = await dumpTopic(client, broker.bootstrap, TOPIC)
      expect(summary(tally)).toEqual({ count: COUNT, hash: truth.hash, isOrdered: true })
    },
    TIMEOUT_MS,
  )

  it(
    'a group of two counts each airport right, although one member is killed',
    async () => {
      const ends = new Map([...stored.rows].map(([partition, rows]) => [partition, rows.length]))
      const target = { bootstrap: broker.bootstrap, topic: TOPIC, group: 'airports', ends }
      const { counts, takenOver } = await countInGroup(target)
      expect(counts).toEqual(truth.flightsByOrigin)
      expect(takenOver.length).toBeGreaterThan(0)
    },
    TIMEOUT_MS,
  )

  it('replays from an offset exactly what belongs there', async () => {
    const rows = stored.rows.get(2) ?? []
    const from = Math.floor(rows.length * 0.9)
    const args = ['--partition', '2', '--from', String(from)]
    expect(await replayedRows(args)).toEqual(new Map([[2, rows.slice(from)]]))
  })

  it('replays from a time exactly what belongs there', async () => {
    const timeMs = truth.timestamps[Math.floor(COUNT * 0.9)] ?? 0
    const expected = new Map(
      [...stored.rows].map(([partition, rows]) => [
        partition,
        rows.slice(rows.findIndex((row) => (truth.timestamps[row] ?? 0) >= timeMs)),
      ]),
    )
    expect(await replayedRows(['--from', new Date(timeMs).toISOString()])).toEqual(expected)
  })

  it(
    'counts everything once more after the group was reset to the beginning',
    async () => {
      const { bootstrap } = broker
      const reset = ['group', 'reset', 'airports', '--to', 'beginning', '--execute']
      expect(await runMillrace(reset, { bootstrap })).toMatchObject({ code: 0, stderr: '' })
      const ends = new Map([...stored.rows].map(([partition, rows]) => [partition, rows.length]))
      const { counts } = await countInGroup({ bootstrap, topic: TOPIC, group: 'airports', ends })
      expect(counts).toEqual(truth.flightsByOrigin)
    },
    TIMEOUT_MS,
  )

  async function replayedRows(args: readonly string[]): Promise<Map<number, number[]>> {
    const rows = new Map<number, number[]>()
    for await (const { partition, row } of tailFlights(broker.bootstrap, TOPIC, args)) {
      const list = rows.get(partition)
      if (list === undefined) rows.set(partition, [row])
      else list.push(row)
    }
    return rows
  }
})

function summary(tally: Tally): { count: number; hash: string; isOrdered: boolean } {
  const partitions = Object.values(tally)
  const sum = partitions.reduce((total, { hash }) => (total + Number.parseInt(hash, 16)) % 2 ** 48, 0)
  return {
    count: partitions.reduce((total, { count }) => total + count, 0),
    hash: sum.toString(16).padStart(12, '0'),
    isOrdered: partitions.every(
      ({ isOrdered, first, last, count }) => isOrdered && last - first + 1 === count,
    ),
  }
}
