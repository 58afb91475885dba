/**
 * `npm run bench:groups [-- --rows NAME,... --rounds N --write]`: consumer groups on Millrace and on Apache Kafka in turn;
 * who is not measured is stopped. A row that is done is shown at once. `--write` puts the table into docs/benchmarks.md, which
 * the whole of it does by itself; `--list` names the rows; `--tiny` shows that they run, on Millrace alone.
 */
import process from 'node:process'
import { parseArgs } from 'node:util'
import { MillraceProcess } from '../packages/broker/compat/process/millrace-process.ts'
import { LOADING_ROW, measureLoading } from './groups/loading-row.ts'
import { type GroupRow, prepare, ROWS, type Scale, TINY, WARM_UP, WHOLE } from './groups/rows.ts'
import { writeSection } from './harness/report-page.ts'
import { chooseRows } from './harness/row-choice.ts'
import { alone, type BrokerPair, startPair } from './kafka/broker-under-test.ts'
import { Samples, TABLE_HEAD } from './kafka/comparison.ts'

/** So that Kafka's JVM has compiled what the network and the log do; what groups do is warmed by their own rows. */
const WARM_UP_RECORDS = 200_000

const { values } = parseArgs({
  options: {
    rows: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    list: { type: 'boolean', default: false },
    tiny: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
})

async function main(): Promise<void> {
  const names = [...ROWS.map(({ name }) => name), LOADING_ROW.name]
  const wanted = chooseRows(names, values)
  if (wanted === null) return
  const rounds = values.tiny ? 1 : Number(values.rounds)
  const rows = ROWS.filter(({ name }) => wanted.includes(name))
  const lines = values.tiny ? await measureOurs(rows) : await measureBoth(rows, rounds)
  if (wanted.includes(LOADING_ROW.name)) {
    const samples = new Samples()
    await measureLoading(values.tiny ? TINY : WHOLE, rounds, (sample) => samples.add('millrace', sample))
    lines.push(...shown(samples.lines(LOADING_ROW.metrics)))
  }
  const table = [`${rounds} rounds.`, '', ...TABLE_HEAD, ...lines].join('\n')
  process.stdout.write(`${table}\n`)
  if (values.write || (values.rows === undefined && !values.tiny)) writeSection('groups', table)
}

async function measureOurs(rows: readonly GroupRow[]): Promise<string[]> {
  await using broker = await MillraceProcess.start()
  const { bootstrap, dataDir, pid } = broker
  await prepare(bootstrap)
  const lines: string[] = []
  for (const row of rows) {
    const samples = new Samples()
    samples.add('millrace', await row.measure({ name: 'Millrace', bootstrap, dataDir, pid }, TINY, 0))
    lines.push(...samples.lines(row.metrics))
  }
  return lines
}

async function measureBoth(rows: readonly GroupRow[], rounds: number): Promise<string[]> {
  if (rows.length === 0) return []
  await using pair = await startPair(WARM_UP_RECORDS)
  for (const who of ['millrace', 'kafka'] as const) await prepare(pair[who].bootstrap)
  const lines: string[] = []
  for (const row of rows) {
    await measureRound(pair, row, { scale: WARM_UP, round: 0 })
    const samples = new Samples()
    for (let round = 1; round <= rounds; round += 1) {
      const startedMs = performance.now()
      for (const [who, sample] of await measureRound(pair, row, { scale: WHOLE, round }))
        samples.add(who, sample)
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
      process.stderr.write(`${row.name}: round ${round} of ${rounds}, ${seconds} s\n`)
    }
    lines.push(...shown(samples.lines(row.metrics)))
  }
  return lines
}

/** One row on each of the two. */
async function measureRound(
  pair: BrokerPair,
  row: GroupRow,
  { round, scale }: { scale: Scale; round: number },
): Promise<(readonly ['millrace' | 'kafka', Readonly<Record<string, number>>])[]> {
  const measured: (readonly ['millrace' | 'kafka', Readonly<Record<string, number>>])[] = []
  for (const who of ['millrace', 'kafka'] as const) {
    const broker = pair[who]
    measured.push([who, await alone(pair, broker, () => row.measure(broker, scale, round))])
  }
  return measured
}

/** Says what a row gave, for whoever waits for the others. */
function shown(lines: string[]): string[] {
  process.stderr.write(`${lines.join('\n')}\n`)
  return lines
}

await main()
