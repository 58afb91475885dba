/**
 * `npm run bench:cli [-- --rounds N --tiny]`: the command as npm would install it, against its own broker, with kcat
 * in turn where there is one (Debian: `apt install kcat`). Prints a table; `--tiny` shows that it runs, from the clone.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { installPacked, PACKAGES } from '../test/pack/packed-project.ts'
import { isThere, PackedBroker, timed } from './cli/packed-command.ts'
import { formatSpread, spreadOf } from './harness/median.ts'
import { TemporaryDirectory } from './harness/temporary-directory.ts'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, tiny: { type: 'boolean', default: false } },
})

const CLONE = fileURLToPath(new URL('../packages/cli/bin/millrace.mjs', import.meta.url))
const LINES = values.tiny ? 2_000 : 2_000_000

interface Row {
  readonly label: string
  readonly goal: string
  readonly ours: number[]
  readonly kcats: number[]
}

const row = (label: string, goal: string): Row => ({ label, goal, ours: [], kcats: [] })
const rows = {
  version: row('`millrace --version`, ms', '40'),
  help: row('`millrace --help`, ms', '100'),
  lastOne: row('`millrace tail -n 1`, ms (kcat: `-C -c 1`)', '150'),
  produce: row('`produce` of NDJSON from a file, thousand lines/s', '500; at least kcat'),
  tail: row('`tail` into a pipe, thousand lines/s', '500; at least kcat'),
}

/** As somebody logs a flight: 88 bytes and the line feed. */
function writeLines(path: string): void {
  const lines = Array.from(
    { length: LINES },
    (_, i) =>
      `{"id":${i},"origin":"SFO","dest":"JFK","delay":${(i * 7) % 120},"distance":2586,"time":${978307200000 + i}}\n`,
  )
  writeFileSync(path, lines.join(''))
}

async function measureStarts(
  node: string,
  launcher: string,
  bootstrap: string,
  kcat: boolean,
): Promise<void> {
  rows.version.ours.push(await timed(node, [launcher, '--version']))
  rows.help.ours.push(await timed(node, [launcher, '--help']))
  const tail = [launcher, 'tail', 'one', '--from', 'beginning', '-n', '1', '--bootstrap', bootstrap]
  rows.lastOne.ours.push(await timed(node, tail))
  if (kcat)
    rows.lastOne.kcats.push(await timed('kcat', ['-C', '-q', '-b', bootstrap, '-t', 'one', '-c', '1']))
}

async function measureRates(
  node: string,
  launcher: string,
  { bootstrap, file, round, kcat }: { bootstrap: string; file: string; round: number; kcat: boolean },
): Promise<void> {
  const thousandsPerSecond = (ms: number): number => LINES / ms
  const millrace = (...args: string[]): Promise<number> =>
    timed(node, [launcher, ...args, '--bootstrap', bootstrap])
  const [ours, kcats] = [`ours-${round}`, `kcats-${round}`]
  await millrace('topic', 'create', ours)
  await millrace('topic', 'create', kcats)
  rows.produce.ours.push(thousandsPerSecond(await millrace('produce', ours, '--file', file)))
  if (kcat)
    rows.produce.kcats.push(
      thousandsPerSecond(await timed('kcat', ['-P', '-b', bootstrap, '-t', kcats, '-l', file])),
    )
  rows.tail.ours.push(thousandsPerSecond(await millrace('tail', ours, '--from', 'beginning', '--no-follow')))
  if (kcat) {
    const args = ['-C', '-q', '-e', '-o', 'beginning', '-b', bootstrap, '-t', ours]
    rows.tail.kcats.push(thousandsPerSecond(await timed('kcat', args)))
  }
  await millrace('topic', 'delete', ours, kcats)
}

async function main(): Promise<void> {
  const rounds = values.tiny ? 1 : Number(values.rounds)
  const kcat = await isThere('kcat')
  const installed = values.tiny ? null : await installPacked(PACKAGES)
  const launcher =
    installed === null ? CLONE : join(installed.project, 'node_modules/millrace/bin/millrace.mjs')
  const folder = new TemporaryDirectory()
  try {
    await using broker = await PackedBroker.start(process.execPath, launcher, folder.fresh())
    const { bootstrap } = broker
    const [file, one] = [folder.fresh(), folder.fresh()]
    writeLines(file)
    writeFileSync(one, 'one\n')
    // V8's compile cache is filled by the first run, as after an installation.
    await timed(process.execPath, [launcher, 'produce', 'one', '--file', one, '--bootstrap', bootstrap])
    await measureStarts(process.execPath, launcher, bootstrap, kcat)
    for (const { ours, kcats } of Object.values(rows)) for (const figures of [ours, kcats]) figures.length = 0
    for (let round = 0; round < rounds; round++) {
      process.stderr.write(`round ${round + 1} of ${rounds}\n`)
      await measureStarts(process.execPath, launcher, bootstrap, kcat)
      await measureRates(process.execPath, launcher, { bootstrap, file, round, kcat })
    }
  } finally {
    folder.remove()
    installed?.remove()
  }
  process.stdout.write(`${rounds} rounds.\n\n${table()}`)
}

function table(): string {
  const cell = (figures: readonly number[]): string =>
    figures.length === 0 ? '' : formatSpread(spreadOf(figures), 0)
  const lines = Object.values(rows).map(({ label, goal, ours, kcats }) => {
    const ratio = kcats.length === 0 ? '' : (spreadOf(ours).median / spreadOf(kcats).median).toFixed(2)
    return `| ${label} | ${goal} | ${cell(ours)} | ${cell(kcats)} | ${ratio} |\n`
  })
  return `| median (min-max) | goal | millrace | kcat | ratio |\n|---|---|---|---|---|\n${lines.join('')}`
}

await main()
