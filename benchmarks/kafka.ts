/**
 * `npm run bench:kafka`: Millrace beside Apache Kafka on this machine, under the same load program. Kafka is warmed with
 * 18 million records first, since a JVM that is not runs at half its speed; the broker that is not measured is stopped.
 * Writes its tables into docs/benchmarks.md. `--tiny` shows that it runs.
 */
import process from 'node:process'
import { parseArgs } from 'node:util'
import { createClient } from '@millrace/client'
import { MillraceProcess } from '../packages/broker/compat/process/millrace-process.ts'
import { startKafka } from '../test/kafka/apache-kafka.ts'
import { buildLoader, loadConsume, loadLatency, loadProduce } from './harness/loader.ts'
import { formatSpread, type Spread, spreadOf } from './harness/median.ts'
import { cpuSeconds, residentMegabytes } from './harness/process-cpu.ts'
import { writeSection } from './harness/report-page.ts'

const { values } = parseArgs({
  options: { tiny: { type: 'boolean', default: false }, rounds: { type: 'string', default: '5' } },
})
const ROUNDS = values.tiny ? 1 : Number(values.rounds)
const SCALE = values.tiny ? 0.001 : 1
const WARM_UP = 18_000_000 * SCALE
const PRODUCED = 3_000_000 * SCALE
const CONSUMED = 3_000_000 * SCALE
const LATENCY_RECORDS = 30_000 * (values.tiny ? 0.1 : 1)
const LATENCY_PER_SECOND = 5000
const BYTES = 100

interface BrokerUnderTest {
  readonly name: string
  readonly bootstrap: string
  readonly pid: number
}

interface Figures {
  readonly name: string
  readonly produceRate: Spread
  readonly produceCpu: Spread
  readonly consumeRate: Spread
  readonly consumeCpu: Spread
  readonly p50Ms: Spread
  readonly p99Ms: Spread
  readonly memoryMegabytes: number
}

async function main(): Promise<void> {
  buildLoader()
  await using kafka = await startKafka()
  await using millrace = await MillraceProcess.start()
  const brokers: readonly [BrokerUnderTest, BrokerUnderTest] = [
    { name: 'Millrace', bootstrap: millrace.bootstrap, pid: millrace.pid },
    { name: 'Apache Kafka 4.3', bootstrap: kafka.bootstrap, pid: kafka.pid },
  ]
  const figures: Figures[] = []
  for (const broker of brokers) {
    const others = brokers.filter((other) => other !== broker)
    for (const other of others) process.kill(other.pid, 'SIGSTOP')
    try {
      process.stderr.write(`${broker.name}: warming\n`)
      await createTopic(broker, 'warm-up')
      await loadProduce({ bootstrap: broker.bootstrap, topic: 'warm-up' }, { count: WARM_UP, bytes: BYTES })
      figures.push(await measure(broker))
    } finally {
      for (const other of others) process.kill(other.pid, 'SIGCONT')
    }
  }
  const table = toTable(figures)
  process.stdout.write(`${table}\n`)
  if (!values.tiny) writeSection('kafka', table)
}

async function measure(broker: BrokerUnderTest): Promise<Figures> {
  const samples: Record<'produce' | 'produceCpu' | 'consume' | 'consumeCpu' | 'p50' | 'p99', number[]> = {
    produce: [],
    produceCpu: [],
    consume: [],
    consumeCpu: [],
    p50: [],
    p99: [],
  }
  for (let round = 1; round <= ROUNDS; round += 1) {
    process.stderr.write(`${broker.name}: round ${round} of ${ROUNDS}\n`)
    const target = { bootstrap: broker.bootstrap, topic: `round-${round}` }
    await createTopic(broker, target.topic)
    const beforeProduce = cpuSeconds(broker.pid)
    const produced = await loadProduce(target, { count: PRODUCED, bytes: BYTES })
    samples.produce.push(produced.recordsPerSecond / 1e6)
    samples.produceCpu.push(cpuSeconds(broker.pid) - beforeProduce)
    const beforeConsume = cpuSeconds(broker.pid)
    const consumed = await loadConsume(target, CONSUMED)
    samples.consume.push(consumed.recordsPerSecond / 1e6)
    samples.consumeCpu.push(cpuSeconds(broker.pid) - beforeConsume)
    const latencyTarget = { bootstrap: broker.bootstrap, topic: `latency-${round}` }
    await createTopic(broker, latencyTarget.topic)
    const load = { count: LATENCY_RECORDS, bytes: BYTES, perSecond: LATENCY_PER_SECOND }
    const { p50Ms, p99Ms } = await loadLatency(latencyTarget, load)
    samples.p50.push(p50Ms)
    samples.p99.push(p99Ms)
  }
  return {
    name: broker.name,
    produceRate: spreadOf(samples.produce),
    produceCpu: spreadOf(samples.produceCpu),
    consumeRate: spreadOf(samples.consume),
    consumeCpu: spreadOf(samples.consumeCpu),
    p50Ms: spreadOf(samples.p50),
    p99Ms: spreadOf(samples.p99),
    memoryMegabytes: residentMegabytes(broker.pid),
  }
}

async function createTopic({ bootstrap }: BrokerUnderTest, name: string): Promise<void> {
  await using client = createClient({ bootstrapServers: bootstrap })
  await client.admin.createTopics([{ name, partitions: 1 }])
}

function toTable(figures: readonly Figures[]): string {
  const row = (label: string, cell: (figures: Figures) => string): string =>
    `| ${label} | ${figures.map(cell).join(' | ')} |`
  const millions = (count: number): string => `${count / 1e6} million`
  return [
    `| ${ROUNDS} rounds: median (min-max) | ${figures.map(({ name }) => name).join(' | ')} |`,
    `|---|${'---|'.repeat(figures.length)}`,
    row(`produce ${BYTES} B, acks=all: million records/s`, ({ produceRate }) => formatSpread(produceRate)),
    row(`broker's CPU for ${millions(PRODUCED)}: s`, ({ produceCpu }) => formatSpread(produceCpu)),
    row('consume from the start: million records/s', ({ consumeRate }) => formatSpread(consumeRate)),
    row(`broker's CPU for ${millions(CONSUMED)}: s`, ({ consumeCpu }) => formatSpread(consumeCpu)),
    row(`produce to consume at ${LATENCY_PER_SECOND}/s, p50: ms`, ({ p50Ms }) => formatSpread(p50Ms)),
    row('the same, p99: ms', ({ p99Ms }) => formatSpread(p99Ms)),
    row('memory afterwards: MB', ({ memoryMegabytes }) => memoryMegabytes.toFixed(0)),
  ].join('\n')
}

await main()
