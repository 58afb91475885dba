import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WireClient } from '../../../../test/bad-input/wire-client.ts'
import { type ApacheKafka, isKafkaInstalled, startKafka } from '../../../../test/kafka/apache-kafka.ts'
import { MillraceProcess } from '../process/millrace-process.ts'
import { comparable, runTool, type Surroundings, type ToolRun, withoutNumbers } from './kafka-tool.ts'
import { ODD_REQUESTS, prepareOddRequests } from './odd-requests.ts'

const TOOLS = 'org.apache.kafka.tools'
const CONFIG = 'kafka.admin.ConfigCommand'
const CONSUMER_GROUPS = `${TOOLS}.consumer.group.ConsumerGroupCommand`

/** One command line; `B` stands for the bootstrap address. */
interface CommandLine {
  readonly tool: string
  readonly args: string
  readonly input?: string
  /** The content of the file that `F` stands for. */
  readonly file?: string
  /** What is printed are rates and times: only the form is compared. */
  readonly isMeasured?: boolean
}

const line = (tool: string, args: string, more: Partial<CommandLine> = {}): CommandLine => ({
  tool: tool.includes('kafka.') ? tool : `${TOOLS}.${tool}`,
  args,
  ...more,
})

/** In this order: later ones look at what earlier ones did. */
const LINES: readonly CommandLine[] = [
  line('TopicCommand', '--bootstrap-server B --list'),
  line('TopicCommand', '--bootstrap-server B --create --topic t --partitions 3'),
  line('TopicCommand', '--bootstrap-server B --create --topic t'),
  line('TopicCommand', '--bootstrap-server B --create --if-not-exists --topic t'),
  line('TopicCommand', '--bootstrap-server B --create --topic c --config retention.ms=x'),
  line('TopicCommand', '--bootstrap-server B --create --topic c --replication-factor 3'),
  line('TopicCommand', '--bootstrap-server B --create --topic a --replica-assignment 1,1'),
  line('TopicCommand', '--bootstrap-server B --create --topic c --config cleanup.policy=compact'),
  line('TopicCommand', '--bootstrap-server B --describe'),
  line('TopicCommand', '--bootstrap-server B --describe --topic nope'),
  line('TopicCommand', '--bootstrap-server B --alter --topic t --partitions 2'),
  line('TopicCommand', '--bootstrap-server B --alter --topic t --partitions 4'),
  line('TopicCommand', '--bootstrap-server B --describe --topic t'),
  line(
    CONFIG,
    '--bootstrap-server B --alter --entity-type topics --entity-name t --add-config retention.ms=99999',
  ),
  line(CONFIG, '--bootstrap-server B --alter --entity-type topics --entity-name t --add-config foo=1'),
  line(CONFIG, '--bootstrap-server B --describe --entity-type topics --entity-name t'),
  line(CONFIG, '--bootstrap-server B --describe --all --entity-type topics --entity-name c'),
  line(
    CONFIG,
    '--bootstrap-server B --alter --entity-type topics --entity-name t --delete-config retention.ms',
  ),
  line(
    CONFIG,
    '--bootstrap-server B --alter --entity-type brokers --entity-default --add-config log.retention.ms=77777',
  ),
  line(CONFIG, '--bootstrap-server B --describe --entity-type brokers --entity-default'),
  line(CONFIG, '--bootstrap-server B --describe --all --entity-type topics --entity-name t'),
  line(
    CONFIG,
    '--bootstrap-server B --alter --entity-type brokers --entity-default --delete-config log.retention.ms',
  ),
  line(CONFIG, '--bootstrap-server B --describe --entity-type groups --entity-name g'),
  line(
    CONFIG,
    '--bootstrap-server B --alter --entity-type clients --entity-name n --add-config producer_byte_rate=1000',
  ),
  line(CONFIG, '--bootstrap-server B --describe --entity-type clients'),
  line(
    CONFIG,
    '--bootstrap-server B --alter --entity-type clients --entity-name n --delete-config producer_byte_rate',
  ),
  // With a key, since without one Java's producer picks a partition by chance. This one leads to partition 0.
  line(
    'ConsoleProducer',
    '--bootstrap-server B --topic a --reader-property parse.key=true --reader-property key.separator=:',
    { input: 'k:one\nk:two\nk:three\n' },
  ),
  line('GetOffsetShell', '--bootstrap-server B --topic a'),
  line('GetOffsetShell', '--bootstrap-server B --topic t --time earliest'),
  line(
    'consumer.ConsoleConsumer',
    '--bootstrap-server B --topic a --from-beginning --max-messages 3 --timeout-ms 20000 --group g',
  ),
  line('VerifiableProducer', '--bootstrap-server B --topic t --max-messages 20 --acks -1 --throughput 100', {
    isMeasured: true,
  }),
  line(
    'VerifiableConsumer',
    '--bootstrap-server B --topic t --group-id v --max-messages 20 --reset-policy earliest',
    {
      isMeasured: true,
    },
  ),
  line(CONSUMER_GROUPS, '--bootstrap-server B --list'),
  line(CONSUMER_GROUPS, '--bootstrap-server B --describe --group g'),
  line(CONSUMER_GROUPS, '--bootstrap-server B --describe --group g --state'),
  line(CONSUMER_GROUPS, '--bootstrap-server B --reset-offsets --group g --topic a --to-earliest --dry-run'),
  line(CONSUMER_GROUPS, '--bootstrap-server B --reset-offsets --group g --topic a --to-earliest --execute'),
  line(CONSUMER_GROUPS, '--bootstrap-server B --describe --group nope'),
  line('GroupsCommand', '--bootstrap-server B --list'),
  line(CONSUMER_GROUPS, '--bootstrap-server B --delete --group g'),
  line('LogDirsCommand', '--bootstrap-server B --describe --topic-list a'),
  line('LeaderElectionCommand', '--bootstrap-server B --election-type preferred --topic t --partition 0'),
  line('LeaderElectionCommand', '--bootstrap-server B --election-type preferred --all-topic-partitions'),
  line('reassign.ReassignPartitionsCommand', '--bootstrap-server B --list'),
  line('reassign.ReassignPartitionsCommand', '--bootstrap-server B --reassignment-json-file F --execute', {
    file: '{"version":1,"partitions":[{"topic":"a","partition":0,"replicas":[1]}]}',
  }),
  line('reassign.ReassignPartitionsCommand', '--bootstrap-server B --reassignment-json-file F --verify', {
    file: '{"version":1,"partitions":[{"topic":"a","partition":0,"replicas":[1]}]}',
  }),
  line('DeleteRecordsCommand', '--bootstrap-server B --offset-json-file F', {
    file: '{"version":1,"partitions":[{"topic":"a","partition":0,"offset":1}]}',
  }),
  line('DeleteRecordsCommand', '--bootstrap-server B --offset-json-file F', {
    file: '{"version":1,"partitions":[{"topic":"a","partition":0,"offset":99}]}',
  }),
  line('GetOffsetShell', '--bootstrap-server B --topic a --time earliest'),
  line('ClusterTool', 'cluster-id --bootstrap-server B'),
  line('ClusterTool', 'list-endpoints --bootstrap-server B'),
  line(
    'ProducerPerformance',
    '--bootstrap-server B --topic t --num-records 1000 --record-size 100 --throughput -1',
    {
      isMeasured: true,
    },
  ),
  line('ConsumerPerformance', '--bootstrap-server B --topic t --num-records 500 --hide-header', {
    isMeasured: true,
  }),
  line(
    'EndToEndLatency',
    '--bootstrap-server B --topic t --num-records 100 --producer-acks all --record-size 100',
    {
      isMeasured: true,
    },
  ),
  line('TopicCommand', '--bootstrap-server B --delete --topic t'),
  line('TopicCommand', '--bootstrap-server B --delete --topic t'),
  line('TopicCommand', '--bootstrap-server B --list'),
]

describe.runIf(isKafkaInstalled() || process.env.MILLRACE_REQUIRE_CLIENTS === '1')(
  'what Kafka answers, Millrace answers',
  () => {
    let kafka: ApacheKafka
    let millrace: MillraceProcess
    const folder = mkdtempSync(join(tmpdir(), 'millrace-tools-'))
    beforeAll(async () => {
      kafka = await startKafka({ heap: '512m' })
      millrace = await MillraceProcess.start()
    })
    afterAll(async () => {
      await Promise.all([kafka?.close(), millrace?.close()])
      rmSync(folder, { recursive: true, force: true })
    })

    const runOn = async (
      { bootstrap }: Surroundings,
      { tool, args, file, input }: CommandLine,
    ): Promise<ToolRun> => {
      const path = join(folder, 'file.json')
      if (file !== undefined) writeFileSync(path, file)
      const stands: Readonly<Record<string, string>> = { B: bootstrap, F: path }
      const run = await runTool(
        tool,
        args.split(' ').map((arg) => stands[arg] ?? arg),
        input,
      )
      expect(run.stderr, 'the tool is there').not.toContain('Could not find or load main class')
      return run
    }

    it.each(LINES.map((one) => [`${one.tool.split('.').at(-1)} ${one.args}`, one] as const))(
      'to %s',
      async (_title, one) => {
        const [theirs, ours] = await Promise.all(
          [kafka, millrace].map(async (broker) => comparable(await runOn(broker, one), broker)),
        )
        if (one.isMeasured) expect(withoutNumbers(ours ?? '')).toBe(withoutNumbers(theirs ?? ''))
        else expect(ours).toBe(theirs)
      },
    )

    it('to who looks for the configs of a broker: all of Kafka, as sensitive, and no other', async () => {
      const names = async (broker: Surroundings): Promise<string[]> => {
        const args = '--bootstrap-server B --describe --all --entity-type brokers --entity-name 1'
        const { stdout } = await runOn(broker, line(CONFIG, args))
        return [...stdout.matchAll(/^ {2}([\w.]+)=.* sensitive=(true|false) /gm)].map(
          ([, name, isSensitive]) => `${name} ${isSensitive}`,
        )
      }
      const theirs = await names(kafka)
      expect(theirs.length).toBeGreaterThan(300)
      const ours = await names(millrace)
      expect(ours.filter((name) => !name.startsWith('millrace.')).sort()).toEqual(theirs.sort())
    })

    describe('to requests that no careful client sends', () => {
      let sides: { readonly port: number; readonly ids: ReadonlyMap<string, string> }[]
      beforeAll(async () => {
        const ports = [kafka, millrace].map(({ bootstrap }) => Number(bootstrap.split(':')[1]))
        sides = await Promise.all(
          ports.map(async (port) => {
            await using client = await WireClient.connect(port)
            return { port, ids: await prepareOddRequests(client) }
          }),
        )
      })

      it.each(ODD_REQUESTS)('%s', async (_title, ask) => {
        const [theirs, ours] = await Promise.all(
          sides.map(async ({ port, ids }) => {
            // A connection each: one that was closed is no trouble of the next request.
            await using client = await WireClient.connect(port)
            return await ask(client, ids)
          }),
        )
        expect(ours).toEqual(theirs)
      })
    })
  },
)
