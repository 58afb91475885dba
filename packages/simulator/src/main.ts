import process from 'node:process'
import { parseArgs } from 'node:util'
import { MomentCounters } from './log/moments.ts'
import { ALL_PLANTS, plantNamed } from './log/plants/all-plants.ts'
import type { Plant } from './log/plants/plant.ts'
import { runSeed } from './log/seed-run.ts'
import { explainRun, runSeeds } from './log/seeds-run.ts'

const USAGE = `usage: npm run simulate -- [--seeds N] [--first-seed M] [--plant NAME] [--trace]
       npm run simulate -- --list-plants

  --seeds N        how many seeds to run (300)
  --first-seed M   the first of them (0)
  --plant NAME     with a bug put in on purpose: exit code 1 says that it was found
  --trace          tell every operation of one seed`

interface SimulateOptions {
  readonly seedCount: number
  readonly firstSeed: number
  readonly plant: Plant | null
  readonly isTraced: boolean
}

/** Runs seeds by hand. Exit code 1, and a line that replays the seed, when the log broke a promise. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '300' },
      'first-seed': { type: 'string', default: '0' },
      plant: { type: 'string' },
      'list-plants': { type: 'boolean', default: false },
      trace: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return say(USAGE)
  if (values['list-plants']) {
    return say(ALL_PLANTS.map(({ name, description }) => `${name.padEnd(30)}${description}`).join('\n'))
  }
  const seedCount = wholeNumber(values.seeds, '--seeds')
  const firstSeed = wholeNumber(values['first-seed'], '--first-seed')
  const plant = values.plant === undefined ? null : plantOrThrow(values.plant)
  return simulate({ seedCount, firstSeed, plant, isTraced: values.trace })
}

async function simulate(options: SimulateOptions): Promise<number> {
  const { seedCount, firstSeed, plant, isTraced } = options
  if (isTraced) {
    const result = await runSeed(firstSeed, { moments: new MomentCounters(), plant, trace: say })
    return result.problem === null ? say('kept its promises') : fail(result.problem)
  }
  const startMs = performance.now()
  const run = await runSeeds({ seedCount, firstSeed, plant })
  say(explainRun(run, { seconds: (performance.now() - startMs) / 1000 }))
  for (const { seed, problem } of run.problems) {
    const withPlant = plant === null ? '' : ` --plant ${plant.name}`
    fail(`seed ${seed}: ${problem}\n  replay: npm run simulate -- --first-seed ${seed} --trace${withPlant}`)
  }
  if (run.missingMoments.length > 0) fail(`never reached: ${run.missingMoments.join(', ')}`)
  return run.problems.length > 0 || run.missingMoments.length > 0 ? 1 : 0
}

function plantOrThrow(name: string): Plant {
  const plant = plantNamed(name)
  if (plant === undefined) throw new Error(`no plant is called ${name}: see --list-plants`)
  return plant
}

function wholeNumber(text: string, option: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0)
    throw new Error(`${option} takes a whole number, not ${text}`)
  return value
}

function say(text: string): number {
  process.stdout.write(`${text}\n`)
  return 0
}

function fail(text: string): number {
  process.stderr.write(`${text}\n`)
  return 1
}

main().then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    process.exitCode = fail(error instanceof Error ? error.message : String(error))
  },
)
