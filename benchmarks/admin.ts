/**
 * `npm run bench:admin [-- --rounds N --gigabytes N --tiny]`: creating, deleting, listing and describing topics, on Millrace
 * and on Apache Kafka in turn, and the import of a Kafka directory. Prints a table; `--tiny` shows that it runs,
 * `--gigabytes 0` leaves out the import, which fills the disk.
 */
import process from 'node:process'
import { parseArgs } from 'node:util'
import { measureImport } from './admin/import-row.ts'
import { type AdminSample, measureAdmin, prepare, TINY, WHOLE } from './admin/rows.ts'
import { formatSpread, spreadOf } from './harness/median.ts'
import { alone, startPair } from './kafka/broker-under-test.ts'
import { TABLE_HEAD, tableLine } from './kafka/comparison.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    gigabytes: { type: 'string', default: '10' },
    tiny: { type: 'boolean', default: false },
  },
})

const ROWS: readonly (readonly [key: string, label: string, goal: string])[] = [
  ['one', 'create a topic of 1 partition, ms', '5'],
  ['many', 'create a topic of 100 partitions, ms', '40'],
  ['deleted', 'delete 1,000 topics, ms', '1000'],
  ['listed', 'Metadata of 10,000 partitions, ms', '30'],
  ['stallMs', 'longest wait of another connection meanwhile, ms', '10'],
  ['described', 'DescribeConfigs of 1,000 topics, ms', '50'],
]

async function main(): Promise<void> {
  const rounds = values.tiny ? 1 : Number(values.rounds)
  const lines = await measureCatalog(rounds)
  const gigabytes = values.tiny ? 0.02 : Number(values.gigabytes)
  if (gigabytes > 0) lines.push(await importLine(gigabytes, rounds))
  process.stdout.write(`${[`${rounds} rounds.`, '', ...TABLE_HEAD, ...lines].join('\n')}\n`)
}

async function measureCatalog(rounds: number): Promise<string[]> {
  const scale = values.tiny ? TINY : WHOLE
  await using pair = await startPair(1000)
  const ours: AdminSample[] = []
  const theirs: AdminSample[] = []
  const sides = [
    [pair.millrace, ours],
    [pair.kafka, theirs],
  ] as const
  for (const [broker] of sides) {
    process.stderr.write(`${broker.name}: ${scale.listedPartitions} partitions\n`)
    await alone(pair, broker, () => prepare(broker.bootstrap, scale))
  }
  for (let round = 0; round < rounds; round++) {
    process.stderr.write(`round ${round + 1} of ${rounds}\n`)
    for (const [broker, samples] of sides) {
      samples.push(await alone(pair, broker, () => measureAdmin(broker.bootstrap, scale, round)))
    }
  }
  return ROWS.map(([key, label, goal]) => {
    const figures = (samples: readonly AdminSample[]): number[] =>
      samples.map((sample) => sample[key] ?? Number.NaN)
    return tableLine({ label, goal, digits: 1 }, figures(ours), figures(theirs))
  })
}

/** Kafka has nothing to be compared with here: the disk and the checksums have. */
async function importLine(gigabytes: number, rounds: number): Promise<string> {
  process.stderr.write(`import of ${gigabytes} GB\n`)
  const { importSeconds, readSeconds } = await measureImport(gigabytes, Math.min(rounds, 3))
  const goal = '5 s and the time to read and check them once'
  const [ours, reading] = [importSeconds, readSeconds].map((seconds) => formatSpread(spreadOf(seconds)))
  return `| import ${gigabytes} GB with --link, s | ${goal} | ${ours} | reading alone: ${reading} | |`
}

await main()
