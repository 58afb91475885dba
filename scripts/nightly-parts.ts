/**
 * The long parts of `npm run nightly`. Each goes in steps, and a step that was done is not done again when the part
 * is resumed; so a part may be stopped at any time.
 */

/** One command that ends with 0 when all is well. */
export interface NightlyStep {
  readonly name: string
  /** What Node runs, from the root of the repository. */
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

export interface NightlyPart {
  readonly name: string
  readonly about: string
  readonly steps: readonly NightlyStep[]
}

const VITEST = ['node_modules/vitest/vitest.mjs', 'run']
const range = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index)

const SEEDS_PER_STEP = 3000
/** Three kinds of members in five steps each: 100,500 seeds. */
const GROUP_SEEDS_PER_STEP = 6700
const FUZZ_STEPS = 40
const FRAMES_PER_STEP = 125_000

export const NIGHTLY_PARTS: readonly NightlyPart[] = [
  {
    name: 'main-job',
    about: 'all 3,000,000 flights through ten kills, read back by every client',
    steps: [{ name: 'flights', args: ['test/main-job/main.ts'] }],
  },
  {
    name: 'client',
    about:
      'our client on Millrace and on Apache Kafka: connections cut at every byte, twenty kills of the broker',
    steps: [
      ...range(4).map((shard) => ({
        name: `cut-${shard}`,
        args: [...VITEST, '--root', 'packages/client', 'test/faults'],
        env: { FAULT_STEP: '1', FAULT_SHARD: `${shard}/4` },
      })),
      ...range(4).map((shard) => ({
        name: `kafka-cut-${shard}`,
        args: [...VITEST, 'test/client-on-kafka/faults'],
        env: { FAULT_STEP: '1', FAULT_SHARD: `${shard}/4` },
      })),
      {
        name: 'kills',
        args: [...VITEST, 'test/client-on-kafka/kills'],
        env: { CLIENT_KILLS: '20', CLIENT_KILLS_KAFKA: '20' },
      },
    ],
  },
  {
    name: 'power-loss',
    about: 'the main job on a disk that loses every unsynced byte, once for each of 100 seeds',
    steps: range(100).map((seed) => ({
      name: `seed-${seed}`,
      args: [...VITEST, 'test/main-job/power-loss'],
      env: { MAIN_JOB_SEED: String(seed) },
    })),
  },
  {
    name: 'simulate',
    about: '1,008,000 crash states of the log, four a seed, with failing operations and rot among them',
    steps: range(84).map((step) => ({
      name: `from-${step * SEEDS_PER_STEP}`,
      args: [
        'packages/simulator/src/main.ts',
        ...['--seeds', String(SEEDS_PER_STEP), '--first-seed', String(step * SEEDS_PER_STEP)],
      ],
    })),
  },
  {
    name: 'compaction',
    about: 'crashes and failing operations in compaction, and in what a start makes of them',
    steps: range(20).map((step) => ({
      name: `from-${step * 500}`,
      args: [...VITEST, '--root', 'packages/simulator', 'src/compaction'],
      env: { COMPACTION_SEEDS: `500/${step * 500}` },
    })),
  },
  {
    name: 'damage',
    about: 'every bit of 64 KiB of every file of a log flipped, and every file cut at every length',
    steps: range(16).map((shard) => ({
      name: `shard-${shard}`,
      args: [...VITEST, '--root', 'packages/log-core', 'test/damage'],
      env: { DAMAGE_SHARD: `${shard}/16` },
    })),
  },
  {
    name: 'kills',
    about: '1,000 kills of a process that writes a log, each in front of another call of the disk',
    steps: range(10).map((step) => ({
      name: `from-${step * 100}`,
      args: [...VITEST, 'packages/log-core/test/kills'],
      env: { KILL_ROUNDS: `100/${step * 100}` },
    })),
  },
  {
    name: 'model',
    about: '100,000 programs that do anything to a log, beside a plain array',
    steps: range(10).map((step) => ({
      name: `programs-${step}`,
      args: [...VITEST, '--root', 'packages/log-core', 'test/log-model'],
      env: { MODEL_RUNS: '10000' },
    })),
  },
  {
    name: 'every-operation',
    about: 'each operation of a life that crashes or fails, in every way, for ten seeds',
    steps: range(10).map((seed) => ({
      name: `seed-${seed}`,
      args: [...VITEST, '--root', 'packages/simulator', 'src/log/simulation', '-t', 'any single operation'],
      env: { STRIKE_SEED: String(seed) },
    })),
  },
  {
    name: 'bad-input',
    about: 'nonsense for a real broker, under another seed each time',
    steps: range(FUZZ_STEPS).map((seed) => ({
      name: `seed-${seed}`,
      args: [...VITEST, 'test/bad-input/wire'],
      env: { BAD_INPUT_SEED: String(seed) },
    })),
  },
  {
    name: 'groups',
    about: 'whole groups of classic, new and mixed members in simulated time',
    steps: [
      // A simulation that finds nothing says something only while it finds what was planted.
      { name: 'planted-bugs', args: ['packages/consumer-groups/test/find-plants.ts'] },
      ...['classic', 'consumer', 'mixed'].flatMap((members) =>
        range(5).map((step) => ({
          name: `${members}-${step}`,
          args: [
            'packages/consumer-groups/test/run-seeds.ts',
            ...[members, String(step * GROUP_SEEDS_PER_STEP + 1), String(GROUP_SEEDS_PER_STEP)],
          ],
        })),
      ),
    ],
  },
  {
    name: 'import',
    about: 'directories of Kafka 3.9 and 4.3 imported, and each Kafka on what Millrace made of its own',
    steps: [
      {
        name: 'releases',
        args: [...VITEST, 'packages/broker/compat/admin/import-releases'],
        env: { MILLRACE_IMPORT: 'full' },
      },
    ],
  },
  {
    name: 'foreign-groups',
    about: 'groups of every foreign client in every protocol that it has, through deaths and silences',
    steps: range(3).map((round) => ({
      name: `round-${round}`,
      args: [...VITEST, 'packages/broker/compat/groups'],
      env: { MILLRACE_GROUP_TRIALS: 'all' },
    })),
  },
  {
    name: 'catalog',
    about: '200 SIGKILLs of a broker that makes, alters, grows and deletes topics',
    steps: range(4).map((step) => ({
      name: `kills-${step}`,
      args: [...VITEST, 'packages/broker/compat/admin/catalog-kills'],
      env: { MILLRACE_CATALOG_KILLS: '50', MILLRACE_CATALOG_SEED: String(step) },
    })),
  },
  {
    name: 'tools',
    about: "every command line of Kafka's own tools, on Kafka and on Millrace",
    steps: [
      {
        name: 'kafka-tools',
        args: [...VITEST, 'packages/broker/compat/admin/kafka-tools'],
        env: { MILLRACE_TOOLS: 'full' },
      },
    ],
  },
  {
    name: 'console',
    about: 'a console for Kafka, in a terminal: it lists topics, shows records and groups',
    steps: [
      {
        name: 'kaskade',
        args: [...VITEST, 'packages/broker/compat/console'],
        env: { MILLRACE_CONSOLE: 'full' },
      },
    ],
  },
  {
    name: 'heavy',
    about:
      'idle, slow, greedy and noisy peers, a thousand partitions, topics that come and go, a full disk, kills',
    steps: [
      'idle-connections',
      'slow-peers',
      'noisy-client',
      'many-partitions',
      'topic-churn',
      'full-disk',
      'four-clients',
    ].map((name) => ({
      name,
      args: [...VITEST, `test/heavy/${name}`],
      env: { MILLRACE_HEAVY: 'full' },
    })),
  },
  {
    name: 'fuzz',
    about: '5,000,000 hostile frames over every API and version',
    steps: range(FUZZ_STEPS).map((seed) => ({
      name: `seed-${seed}`,
      args: [...VITEST, '--root', 'packages/broker', 'src/network/hostile-input'],
      env: { FUZZ_SEED: String(seed), FUZZ_FRAMES: String(FRAMES_PER_STEP) },
    })),
  },
  {
    name: 'http-fuzz',
    about: 'schemathesis over the OpenAPI document of the gateway, under another seed each time',
    steps: range(10).map((seed) => ({
      name: `seed-${seed}`,
      args: [...VITEST, 'test/http-fuzz'],
      env: { HTTP_FUZZ_SEED: String(seed + 2), HTTP_FUZZ_EXAMPLES: '200' },
    })),
  },
  {
    name: 'gateway-soak',
    about: 'a thousand WebSockets for ten minutes, of which every tenth reads slowly',
    steps: [{ name: 'ten-minutes', args: ['benchmarks/gateway-soak.ts'] }],
  },
]
