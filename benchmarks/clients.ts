/**
 * `npm run bench:clients [-- --rounds N --rows NAME,... --write --tiny]`: our client beside kafkajs and
 * @platformatic/kafka, each in a fresh process, against one broker. MILLRACE_LOGLOAD names a load program on
 * librdkafka that stands for the native clients.
 */
import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { createClient } from '@millrace/client'
import { MillraceProcess } from '../packages/broker/compat/process/millrace-process.ts'
import {
  type ClientName,
  countDependencies,
  measureFirstRecord,
  measureImport,
  measureMemory,
  measurePackage,
} from './clients/start-rows.ts'
import { formatSpread, spreadOf } from './harness/median.ts'
import { writeSection } from './harness/report-page.ts'

const ONE = fileURLToPath(new URL('./clients/one-measurement.ts', import.meta.url))
const CLIENTS: readonly ClientName[] = ['millrace', 'kafkajs', 'platformatic']
const PARTITIONS_ASSIGNED = 1000

/** A row of the table, and how many records each client gets: as many as keep it busy for a second or two. */
interface Row {
  readonly name: string
  readonly label: string
  readonly goal: string
  readonly digits: number
  readonly counts: Readonly<Record<ClientName, number>>
  readonly scale?: number
  readonly isRead?: boolean
  readonly extra?: 'native' | 'raw'
}

const ROWS: readonly Row[] = [
  {
    name: 'produce-many',
    label: 'produce 100 B JSON, idempotent, acks=all: thousand records/s',
    goal: '900; 5 times',
    digits: 0,
    scale: 1e-3,
    counts: { millrace: 1_000_000, kafkajs: 200_000, platformatic: 200_000 },
    extra: 'native',
  },
  {
    name: 'produce-each',
    label: 'a promise for each record: thousand records/s',
    goal: '3 times',
    digits: 0,
    scale: 1e-3,
    counts: { millrace: 500_000, kafkajs: 3_000, platformatic: 3_000 },
  },
  {
    name: 'consume-decoded',
    label: 'consume, decoded to objects: thousand records/s',
    goal: '1,000; 5 times',
    digits: 0,
    scale: 1e-3,
    counts: { millrace: 1_000_000, kafkajs: 200_000, platformatic: 200_000 },
    isRead: true,
  },
  {
    name: 'consume-raw',
    label: 'consume, raw: thousand records/s',
    goal: '3,000',
    digits: 0,
    scale: 1e-3,
    counts: { millrace: 1_000_000, kafkajs: 200_000, platformatic: 200_000 },
    isRead: true,
    extra: 'native',
  },
  {
    name: 'round-trip',
    label: 'request to answer, 1 record at a time, p50: us',
    goal: 'raw socket + 50',
    digits: 0,
    // The first thousands are slow with every client, until their code is compiled: the second half is what counts.
    counts: { millrace: 10_000, kafkajs: 10_000, platformatic: 10_000 },
    extra: 'raw',
  },
]
const HEAD = [
  '| median (min-max) | goal | Millrace | kafkajs | @platformatic/kafka | beside |',
  '|---|---|---|---|---|---|',
]

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    rows: { type: 'string' },
    tiny: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
})
const rounds = values.tiny ? 1 : Number(values.rounds)
const divisor = values.tiny ? 1000 : 1

async function measureRow(row: Row, bootstrap: string): Promise<string> {
  await using client = createClient({ bootstrapServers: bootstrap })
  const samples = new Map<string, number[]>()
  const add = (who: string, value: number): void => {
    samples.set(who, [...(samples.get(who) ?? []), value * (row.scale ?? 1)])
  }
  const fixed = `${row.name}-read`
  if (row.isRead) {
    await client.admin.createTopics([{ name: fixed }])
    await runOne('millrace', 'produce-many', bootstrap, fixed, row.counts.millrace / divisor)
  }
  for (let round = 0; round < rounds; round++) {
    for (const who of CLIENTS) {
      const topic = row.isRead ? fixed : `${row.name}-${who}-${round}`
      if (!row.isRead) await client.admin.createTopics([{ name: topic }])
      add(who, await runOne(who, row.name, bootstrap, topic, row.counts[who] / divisor))
    }
    const beside = `${row.name}-beside-${round}`
    if (row.extra !== undefined) await client.admin.createTopics([{ name: beside }])
    if (row.extra === 'raw') add('beside', await runOne('raw', row.name, bootstrap, beside, 2_000 / divisor))
    const logload = process.env.MILLRACE_LOGLOAD
    if (row.extra === 'native' && logload !== undefined) {
      add('beside', await runLogload(logload, row, bootstrap, row.isRead ? fixed : beside))
    }
  }
  const what = row.extra === 'raw' ? 'raw socket' : 'librdkafka'
  return line(row.label, row.goal, row.digits, samples, what)
}

async function runOne(
  who: string,
  row: string,
  bootstrap: string,
  topic: string,
  count: number,
): Promise<number> {
  const args = [
    '--conditions=@millrace/source',
    '--no-warnings',
    ONE,
    who,
    row,
    bootstrap,
    topic,
    String(Math.ceil(count)),
  ]
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 60_000 })
  return Number(stdout)
}

async function runLogload(program: string, row: Row, bootstrap: string, topic: string): Promise<number> {
  const load = ['-b', bootstrap, '-t', topic, '-n', String(row.counts.millrace / divisor), '-s', '100']
  const args = row.isRead ? ['consume', ...load] : ['produce', ...load, '-a', 'all', '-i']
  const { stdout } = await promisify(execFile)(program, args, { timeout: 60_000 })
  const answer = JSON.parse(stdout) as Record<string, number>
  return answer.rec_s ?? Number.NaN
}

function line(
  label: string,
  goal: string,
  digits: number,
  samples: Map<string, number[]>,
  beside = '',
): string {
  const cells = [...CLIENTS, 'beside'].map((who) => {
    const figures = samples.get(who)
    if (figures === undefined) return ''
    return `${who === 'beside' ? `${beside} ` : ''}${formatSpread(spreadOf(figures), digits)}`
  })
  return `| ${label} | ${goal} | ${cells.join(' | ')} |`
}

/** The same small measurement of each client, round by round. */
async function measureEach(
  label: string,
  goal: string,
  measure: (who: ClientName, round: number) => Promise<number | null>,
): Promise<string> {
  const samples = new Map<string, number[]>()
  for (let round = 0; round < rounds; round++) {
    for (const who of CLIENTS) {
      const figure = await measure(who, round)
      if (figure !== null) samples.set(who, [...(samples.get(who) ?? []), figure])
    }
  }
  return line(label, goal, 0, samples)
}

async function measureStarts(bootstrap: string): Promise<string[]> {
  await using client = createClient({ bootstrapServers: bootstrap })
  await client.admin.createTopics([{ name: 'first' }, { name: 'assigned', partitions: PARTITIONS_ASSIGNED }])
  // Only what `npm run build` has made is what npm publishes.
  const isBuilt = readdirSync(fileURLToPath(new URL('../packages/client', import.meta.url))).includes('dist')
  const lines = [
    await measureEach('import, from source in a clone: ms', '100', async (who) =>
      who === 'millrace' ? measureImport(who, 'sources') : null,
    ),
    await measureEach('the same, with NODE_COMPILE_CACHE set: ms', '100', async (who) =>
      who === 'millrace' ? measureImport(who, 'sources, compiled before') : null,
    ),
  ]
  if (!isBuilt) return lines
  const megabytes = (await measurePackage()).toFixed(2)
  lines.push(
    await measureEach('import, packed: ms', '25', (who) => measureImport(who)),
    await measureEach('import and first record sent: ms', '60', (who) =>
      measureFirstRecord(who, bootstrap, 'first'),
    ),
    await measureEach(`memory with ${PARTITIONS_ASSIGNED} partitions assigned: MB`, '60', (who, round) =>
      measureMemory(who, bootstrap, 'assigned', `${who}-${round}`),
    ),
    `| unpacked: MB; dependencies outside @millrace | 1; 4 | ${megabytes}; ${countDependencies()} | | | |`,
  )
  return lines
}

const wanted = values.rows?.split(',') ?? [...ROWS.map(({ name }) => name), 'start']
await using broker = await MillraceProcess.start()
const lines: string[] = []
for (const row of ROWS.filter(({ name }) => wanted.includes(name))) {
  process.stderr.write(`${row.name}\n`)
  lines.push(await measureRow(row, broker.bootstrap))
}
if (wanted.includes('start')) lines.push(...(await measureStarts(broker.bootstrap)))
const table = [`${rounds} rounds.`, '', ...HEAD, ...lines].join('\n')
process.stdout.write(`${table}\n`)
if (values.write || (values.rows === undefined && !values.tiny)) writeSection('clients', table)
