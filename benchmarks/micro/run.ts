import process from 'node:process'
import { parseArgs } from 'node:util'
import { describeMachine, readMachine } from '../harness/machine.ts'
import { formatResults } from '../harness/report.ts'
import { FEWEST_ROUNDS, measureRounds, type RoundOptions } from '../harness/rounds.ts'
import { SUITES } from './suites.ts'

const USAGE = `usage: npm run bench -- micro [SUITE]... [--rounds N] [--round-ms N] [--tiny] [--list]

  --rounds N    how often each task is measured, ${FEWEST_ROUNDS} or more (default ${FEWEST_ROUNDS})
  --round-ms N  how long each time (default 100)
  --tiny        one short round each: shows that everything runs, its figures mean nothing
  --list        names the suites
`

/** Runs the named micro benchmarks, or all of them. Returns the exit code. */
export async function runMicro(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: String(FEWEST_ROUNDS) },
      'round-ms': { type: 'string', default: '100' },
      tiny: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
    },
  })
  const rounds = Number(values.rounds)
  const roundMs = Number(values['round-ms'])
  const unknown = positionals.filter((name) => !SUITES.some((suite) => suite.name === name))
  const areNumbersFine = rounds >= FEWEST_ROUNDS && roundMs > 0
  if (unknown.length > 0 || !areNumbersFine) {
    for (const name of unknown) process.stderr.write(`no suite is called ${name}\n`)
    process.stderr.write(USAGE)
    return 1
  }
  if (values.list) {
    for (const { name, about } of SUITES) process.stdout.write(`${name}: ${about}\n`)
    return 0
  }
  const names = new Set(positionals.length > 0 ? positionals : SUITES.map(({ name }) => name))
  const options = values.tiny ? { rounds: 1, roundMs: 1 } : { rounds, roundMs }
  await runSuites(names, options, values.tiny)
  return 0
}

async function runSuites(names: ReadonlySet<string>, options: RoundOptions, isTiny: boolean): Promise<void> {
  process.stdout.write(`${describeMachine(readMachine())}\n`)
  process.stdout.write(
    isTiny ? 'tiny: the figures mean nothing\n' : `${options.rounds} rounds: median, min, max\n`,
  )
  for (const suite of SUITES) {
    if (!names.has(suite.name)) continue
    process.stdout.write(`\n${suite.about}\n\n`)
    const open = await suite.open({ isTiny })
    try {
      process.stdout.write(`${formatResults(suite.name, await measureRounds(open, options))}\n`)
    } finally {
      await open.close?.()
    }
  }
}

if (import.meta.main) process.exitCode = await runMicro(process.argv.slice(2))
