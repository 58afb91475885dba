/**
 * `npm run bench:gateway [-- --rounds N --rows NAME,... --write --tiny]`: HTTP and WebSocket in front of a broker in a process of its
 * own. Clients, and the load, share the other core with each other.
 */
import { once } from 'node:events'
import process from 'node:process'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type Client, createClient } from '@millrace/client'
import { WebSocket } from 'ws'
import { MillraceProcess } from '../packages/broker/compat/process/millrace-process.ts'
import { freePort } from '../packages/broker/compat/process/ports.ts'
import { measureRead, measureSingles, measureStream } from './gateway/http-rows.ts'
import { ListeningSockets, quantile } from './gateway/listening-sockets.ts'
import { sendPaced } from './gateway/paced-load.ts'
import { formatSpread, spreadOf } from './harness/median.ts'
import { cpuSeconds, residentMegabytes } from './harness/process-cpu.ts'
import { makeRecords } from './harness/records.ts'
import { writeSection } from './harness/report-page.ts'

const { values: args } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    rows: { type: 'string' },
    tiny: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
})

/** What a measurement has at hand: a fresh topic each time. */
interface Surroundings {
  readonly broker: MillraceProcess
  readonly client: Client
  readonly port: number
  readonly topic: string
}

interface Row {
  readonly name: string
  readonly label: string
  readonly goal: string
  readonly digits: number
  /** Further figures of the same run go into rows of their own, by their names. */
  readonly measure: (surroundings: Surroundings) => Promise<number>
}

const { tiny } = args
const SOCKETS = tiny ? 5 : 100
const PER_SECOND = tiny ? 500 : 10_000
const SECONDS = tiny ? 0.3 : 5
const STREAM_COUNT = tiny ? 2_000 : 500_000
const IDLE_SOCKETS = tiny ? 20 : 2_000
const PRODUCE_COUNT = tiny ? 2_000 : 1_500_000

/** The share of one core that the broker used in the last run of the row `sockets-p99`. */
let socketsCpu = Number.NaN

const ROWS: readonly Row[] = [
  {
    name: 'sockets-p99',
    label: '100 WebSockets at 10,000 records/s: p99, ms',
    goal: '20',
    digits: 1,
    measure: async ({ broker, client, port, topic }) => {
      await using sockets = await ListeningSockets.open({ port, count: SOCKETS, topic })
      await sendPaced(client, { topic, perSecond: PER_SECOND, seconds: SECONDS / 5 })
      sockets.reset()
      const [cpuBefore, startMs] = [cpuSeconds(broker.pid), performance.now()]
      await sendPaced(client, { topic, perSecond: PER_SECOND, seconds: SECONDS })
      await wait(100)
      socketsCpu = (100 * (cpuSeconds(broker.pid) - cpuBefore)) / ((performance.now() - startMs) / 1_000)
      return quantile(sockets.latenciesMs, 0.99)
    },
  },
  {
    name: 'sockets-cpu',
    label: '  of one core, %',
    goal: '50',
    digits: 0,
    measure: async () => socketsCpu,
  },
  {
    name: 'idle',
    label: 'idle WebSocket, KiB',
    goal: '10',
    digits: 1,
    measure: async ({ broker, port }) => {
      const before = residentMegabytes(broker.pid)
      const sockets: WebSocket[] = []
      for (let index = 0; index < IDLE_SOCKETS; index++) {
        const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/socket`, { perMessageDeflate: false })
        await once(socket, 'open')
        sockets.push(socket)
      }
      await wait(tiny ? 10 : 1_000)
      const grown = residentMegabytes(broker.pid) - before
      for (const socket of sockets) socket.terminate()
      await wait(tiny ? 10 : 1_000)
      return (grown * 1e6) / 1024 / IDLE_SOCKETS
    },
  },
  {
    name: 'single',
    label: 'HTTP produce, one record a request, synced: requests/s',
    goal: '15,000',
    digits: 0,
    measure: ({ port, topic }) => measureSingles(port, { topic, connections: 128, seconds: tiny ? 0.2 : 4 }),
  },
  {
    name: 'stream',
    label: 'HTTP produce, NDJSON stream of records: thousand records/s',
    goal: '400',
    digits: 0,
    measure: async ({ port, topic }) =>
      (await measureStream(port, { topic, count: STREAM_COUNT, lines: 'records' })) / 1e3,
  },
  {
    name: 'stream-values',
    label: 'HTTP produce, NDJSON stream of values: thousand records/s',
    goal: '400',
    digits: 0,
    measure: async ({ port, topic }) =>
      (await measureStream(port, { topic, count: STREAM_COUNT, lines: 'values' })) / 1e3,
  },
  {
    name: 'read',
    label: 'HTTP read: thousand records/s',
    goal: '400',
    digits: 0,
    measure: async ({ port, topic }) => {
      await measureStream(port, { topic, count: STREAM_COUNT, lines: 'records' })
      return (await measureRead(port, topic, STREAM_COUNT)) / 1e3
    },
  },
  {
    name: 'kafka-beside',
    label: 'produce rate of a Kafka client while 100 sockets take 100 records/s each, of that without',
    goal: '0.8',
    digits: 2,
    measure: async ({ client, port, topic }) => {
      const alone = await produceRate(client, topic)
      await using _sockets = await ListeningSockets.open({ port, count: SOCKETS, topic, perSecond: 100 })
      return (await produceRate(client, topic)) / alone
    },
  },
]

async function produceRate(client: Client, topic: string): Promise<number> {
  const records = makeRecords({ count: 100_000, valueBytes: 100 })
  const producer = client.producer({ compression: 'none' })
  const startMs = performance.now()
  for (let sent = 0; sent < PRODUCE_COUNT; sent += records.length) await producer.sendMany(topic, records)
  await producer.close()
  return PRODUCE_COUNT / ((performance.now() - startMs) / 1_000)
}

/** Every round has a broker of its own: memory that one row has grown is no other's. */
async function measureOnce(row: Row): Promise<number> {
  const port = await freePort()
  await using broker = await MillraceProcess.start({ args: ['--http', `localhost:${port}`] })
  await using client = createClient({ bootstrapServers: broker.bootstrap })
  await client.admin.createTopics([{ name: 'warm-up' }, { name: 'bench' }])
  await measureStream(port, { topic: 'warm-up', count: tiny ? 10 : 20_000, lines: 'records' })
  // Awaited here: the broker ends with this function.
  return await row.measure({ broker, client, port, topic: 'bench' })
}

async function main(): Promise<void> {
  const rounds = tiny ? 1 : Number(args.rounds)
  const names = args.rows?.split(',')
  const lines = [`| ${rounds} rounds, median (min-max) | goal | ours |`, '|---|---|---|']
  for (const row of ROWS) {
    if (names !== undefined && !names.includes(row.name)) continue
    const values: number[] = []
    for (let round = 0; round < rounds; round++) values.push(await measureOnce(row))
    const line = `| ${row.label} | ${row.goal} | ${formatSpread(spreadOf(values), row.digits)} |`
    process.stderr.write(`${line}\n`)
    lines.push(line)
  }
  const table = lines.join('\n')
  process.stdout.write(`${table}\n`)
  if (args.write) writeSection('gateway', table)
}

await main()
