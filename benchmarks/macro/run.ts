/** Produce, consume and latency of a broker through our own client; the broker is a process of its own. */
import process from 'node:process'
import { parseArgs } from 'node:util'
import { createClient } from '@millrace/client'
import { MillraceProcess } from '../../packages/broker/compat/process/millrace-process.ts'
import { makeRecords } from '../harness/records.ts'
import { writeSection } from '../harness/report-page.ts'
import { measureConsume } from './consume.ts'
import { measureLatency } from './latency.ts'
import { measureProduce } from './produce.ts'
import { measureStart } from './start.ts'

/** Measures everything and prints a table; `--write` puts it into docs/benchmarks.md. Returns the exit code. */
export async function runMacro(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      bootstrap: { type: 'string' },
      tiny: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '5' },
    },
  })
  const rounds = values.tiny ? 1 : Number(values.rounds)
  const count = values.tiny ? 1000 : 1_000_000
  const records = makeRecords({ count, valueBytes: 100 })
  const rows: string[] = []
  if (values.bootstrap === undefined) rows.push(...(await measureStart(rounds)))
  const broker = values.bootstrap === undefined ? await MillraceProcess.start() : null
  try {
    const bootstrap = values.bootstrap ?? broker?.bootstrap ?? ''
    await using client = createClient({ bootstrapServers: bootstrap })
    const topics = Array.from({ length: rounds }, (_, round) => `bench-${process.pid}-${round}`)
    await client.admin.createTopics(topics.map((name) => ({ name, partitions: 1 })))
    rows.push(...(await measureProduce(client, topics, records)))
    rows.push(...(await measureConsume(client, topics, count)))
    rows.push(...(await measureLatency(client, { rounds, perSecond: 1000, count: values.tiny ? 100 : 5000 })))
  } finally {
    await broker?.close()
  }
  const table = [`| ${rounds} rounds | median (min-max) |`, '|---|---|', ...rows].join('\n')
  process.stdout.write(`${table}\n`)
  if (values.write) writeSection('macro', table)
  return 0
}
