import process from 'node:process'
import { parseArgs } from 'node:util'
import { describeMachine, readMachine } from '../harness/machine.ts'
import { appendEachBench, appendManyBench } from './append-bench.ts'
import { compactionBench } from './compaction-bench.ts'
import { formatRows, type LogBench, type LogRow } from './log-bench.ts'
import { lookupBench } from './lookup-bench.ts'
import { openBench } from './open-bench.ts'
import { readBench } from './read-bench.ts'
import { recoveryBench } from './recovery-bench.ts'
import { replayBench } from './replay-bench.ts'

const BENCHES: readonly LogBench[] = [
  appendManyBench,
  appendEachBench,
  readBench,
  lookupBench,
  openBench,
  recoveryBench,
  compactionBench,
  replayBench,
]

const USAGE = `usage: npm run bench -- log [ROW]... [--rounds N] [--gib N] [--partitions N] [--tiny]

  ROW             ${BENCHES.map(({ name }) => name).join(', ')} (default: all of them)
  --rounds N      how often each side is measured, in turn (default 5)
  --gib N         how large the log is in which things are looked up and replayed (default 1)
  --partitions N  how many are opened (default 2000, of 10 segments each; the goals are for 10000)
  --tiny          shows that everything runs, its figures mean nothing

Writes into MILLRACE_BENCH_DIR, or the system's temporary directory: that must be a disk.
`

/** Measures the log beside lmdb and beside what the disk allows. Returns the exit code. */
export async function runLog(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '5' },
      gib: { type: 'string', default: '1' },
      partitions: { type: 'string', default: '2000' },
      tiny: { type: 'boolean', default: false },
    },
  })
  const unknown = positionals.filter((name) => !BENCHES.some((bench) => bench.name === name))
  const numbers = [values.rounds, values.gib, values.partitions].map(Number)
  if (unknown.length > 0 || !numbers.every((number) => number > 0)) {
    for (const name of unknown) process.stderr.write(`no row is called ${name}\n`)
    process.stderr.write(USAGE)
    return 1
  }
  const [rounds = 5, gib = 1, partitions = 2_000] = numbers
  const options = values.tiny
    ? { rounds: 1, dataBytes: 2 ** 20, partitions: 5, isTiny: true }
    : { rounds, dataBytes: gib * 2 ** 30, partitions, isTiny: false }
  process.stdout.write(`${describeMachine(readMachine())}\n\n`)
  if (values.tiny) process.stdout.write('tiny: the figures mean nothing\n\n')
  const rows: LogRow[] = []
  for (const bench of BENCHES) {
    if (positionals.length > 0 && !positionals.includes(bench.name)) continue
    const startMs = performance.now()
    rows.push(...(await bench.measure(options)))
    process.stderr.write(`${bench.name}: ${((performance.now() - startMs) / 1000).toFixed(1)} s\n`)
  }
  process.stdout.write(`${formatRows(rows)}\n`)
  return 0
}
