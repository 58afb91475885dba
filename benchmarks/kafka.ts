/**
 * `npm run bench:kafka [-- --rows NAME,... --rounds N --write]`: Millrace beside Apache Kafka on this machine, under the
 * same load program. Rounds alternate between the two; who is not measured is stopped. `--write` puts the table into
 * docs/benchmarks.md, which the whole of it does by itself; `--list` names the rows; `--tiny` shows that they run.
 */
import process from 'node:process'
import { parseArgs } from 'node:util'
import { buildLoader } from './harness/loader.ts'
import { FullPageCache } from './harness/page-cache.ts'
import { writeSection } from './harness/report-page.ts'
import { chooseRows } from './harness/row-choice.ts'
import { alone, startPair } from './kafka/broker-under-test.ts'
import { type Row, type RowSettings, Samples, TABLE_HEAD } from './kafka/comparison.ts'
import { LOAD_ROWS } from './kafka/load-rows.ts'
import { START_ROWS } from './kafka/start-rows.ts'

const WARM_UP_RECORDS = 18_000_000
const TINY = 0.001

const { values } = parseArgs({
  options: {
    rows: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    'start-gigabytes': { type: 'string', default: '10' },
    list: { type: 'boolean', default: false },
    tiny: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
})

async function main(): Promise<void> {
  const names = [...LOAD_ROWS, ...START_ROWS].map(({ name }) => name)
  const wanted = chooseRows(names, values)
  if (wanted === null) return
  buildLoader()
  const settings: RowSettings = {
    rounds: values.tiny ? 1 : Number(values.rounds),
    scale: values.tiny ? TINY : 1,
    startGigabytes: values.tiny ? 0.01 : Number(values['start-gigabytes']),
  }
  const lines = await measureLoad(
    LOAD_ROWS.filter(({ name }) => wanted.includes(name)),
    settings,
  )
  for (const { name, run } of START_ROWS.filter((row) => wanted.includes(row.name))) {
    process.stderr.write(`${name}\n`)
    lines.push(...(await run(settings)))
  }
  const table = [`${settings.rounds} rounds.`, '', ...TABLE_HEAD, ...lines].join('\n')
  process.stdout.write(`${table}\n`)
  const isWhole = values.rows === undefined && !values.tiny
  if (values.write || isWhole) writeSection('kafka', table)
}

async function measureLoad(rows: readonly Row[], settings: RowSettings): Promise<string[]> {
  if (rows.length === 0) return []
  await using pair = await startPair(WARM_UP_RECORDS * settings.scale)
  using cache = settings.scale === 1 ? new FullPageCache() : null
  const lines: string[] = []
  for (const row of rows) {
    cache?.fill()
    const samples = new Samples()
    for (let round = 1; round <= settings.rounds; round += 1) {
      process.stderr.write(`${row.name}: round ${round} of ${settings.rounds}\n`)
      const topic = `${row.name}-${round}`
      for (const who of ['millrace', 'kafka'] as const) {
        const broker = pair[who]
        samples.add(who, await alone(pair, broker, () => row.measure(broker, topic, settings)))
      }
      const { floor } = row
      if (floor === undefined) continue
      samples.add('floor', await alone(pair, pair.millrace, () => floor(pair.millrace, settings)))
    }
    const rowLines = samples.lines(row.metrics)
    process.stderr.write(`${rowLines.join('\n')}\n`)
    lines.push(...rowLines)
  }
  return lines
}

await main()
