/** The command against Apache Kafka and against Millrace: the same lines come out. */
import { type Client, createClient } from '@millrace/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type CommandResult,
  MillraceProcess,
  runMillrace,
} from '../../packages/broker/compat/process/millrace-process.ts'
import { type ApacheKafka, isKafkaInstalled, startKafka } from '../kafka/apache-kafka.ts'

const isHere = isKafkaInstalled() || process.env.MILLRACE_REQUIRE_CLIENTS === '1'

describe.runIf(isHere)('the command on Apache Kafka and on Millrace', () => {
  let kafka: ApacheKafka | null = null
  let millrace: MillraceProcess | null = null
  beforeAll(async () => {
    ;[kafka, millrace] = await Promise.all([startKafka({ heap: '512m' }), MillraceProcess.start()])
  }, 120_000)
  afterAll(async () => {
    await Promise.all([kafka?.close(), millrace?.close()])
  })

  const clients: Client[] = []
  beforeAll(() => {
    for (const broker of [kafka, millrace])
      clients.push(createClient({ bootstrapServers: broker?.bootstrap ?? '' }))
  })
  afterAll(() => Promise.all(clients.map((client) => client.close())))

  /** What a command does on each of the two. */
  function both(args: string, input = ''): Promise<CommandResult[]> {
    const bootstraps = [kafka?.bootstrap ?? '', millrace?.bootstrap ?? '']
    return Promise.all(bootstraps.map((bootstrap) => runMillrace(args.split(' '), { bootstrap, input })))
  }

  async function outputs(args: string, input = ''): Promise<string[]> {
    const results = await both(args, input)
    for (const { code, stderr } of results)
      expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' })
    return results.map(({ stdout }) => stdout)
  }

  /** The same output, and the same words on standard error; `shown` takes out what is each broker's own. */
  async function same(args: string, input = '', shown = (text: string): string => text): Promise<string> {
    const [onKafka, onMillrace] = await both(args, input)
    const told = (result: CommandResult | undefined): object => ({
      args,
      code: result?.code,
      stdout: shown(result?.stdout ?? ''),
      stderr: shown(result?.stderr ?? ''),
    })
    expect(told(onMillrace)).toEqual(told(onKafka))
    return onKafka?.stdout ?? ''
  }

  const withoutIds = (text: string): string => text.replaceAll(/\b[\w-]{22}\b/g, 'ID')
  /** What is told in an order of the broker's own. */
  const sorted = (text: string): string => text.split('\n').sort().join('\n')

  it('topic, produce, tail and replay say the same', async () => {
    await same('topic create flights --partitions 3 --set retention.ms=-1')
    await same('topic create again --partitions 3 --set retention.ms=-1')
    const lines = Array.from(
      { length: 500 },
      (_, i) => `{"n":${i},"from":"A${i % 9}","time":${978307200000 + i}}\n`,
    )
    await same('produce flights --key-field from --timestamp-field time --header n={n}', lines.join(''))
    // Partitions answer in any order, and each is in order by itself.
    for (const partition of [0, 1, 2]) {
      const show = `--no-follow --partition ${partition} -f %p|%o|%k|%T|%h|%v\\n`
      const all = await same(`tail flights --from beginning ${show}`)
      expect(all).not.toBe('')
      await same(`tail flights --from 2001-01-01T00:00:00.200Z ${show}`)
      await same(`tail flights --from -3 --where value.n>100 ${show}`)
    }
    expect(await same('replay flights --speed max')).toBe(lines.join(''))
    await same('replay flights --speed max --to again')
    await same('tail again --from beginning --no-follow --partition 1 -f %p|%o|%k|%T|%h|%v\\n')
    expect(await same('topic list')).toBe('again\nflights\n')
    for (const output of await outputs('config describe topic flights')) {
      expect(output).toMatch(/^retention\.ms +-1 +topic$/m)
    }
  })

  it('groups are reset and described the same', async () => {
    await same('group reset readers --topic flights --to 2001-01-01T00:00:00.300Z --execute')
    await same('group offsets readers')
    await same('group list')
    await same('group describe readers')
    await same('group describe readers --why')
    await same('group members readers')
    await same('group reset readers --by -10')
    await same('group reset readers --to beginning --execute')
    await same('group describe readers -o json', '', (text) => text.replaceAll(/"lagMs":\d+/g, ''))
    await same('group reset shadow --from-group readers --execute')
    // A coordinator tells its commits in any order.
    await same('group delete readers', '', sorted)
    await same('group delete readers --execute', '', sorted)
    expect(await same('group list')).toMatch(/^shadow +Empty +classic$/m)
  })

  it('tail shows the same in every form, by every filter', async () => {
    const line = (n: number): string => `{"n":${n},"from":"A${n % 3}","time":${978307200000 + n}}\n`
    await same('topic create shown --set retention.ms=-1')
    const lines = Array.from({ length: 60 }, (_, n) => line(n)).join('')
    await same('produce shown --key-field from --timestamp-field time --header h={n}', lines)
    await same(
      'produce shown --input csv --key {a} --timestamp-field t',
      'a,t\nx,978307200100\ny,978307200101\n',
    )
    for (const how of [
      ...['-5 -o json', '-5 -o ndjson', 'beginning -o table', 'beginning -o raw', 'beginning -n 7'],
      ...['beginning --until 30', '2001-01-01T00:00:00.030Z', 'beginning --key A1'],
      ...['beginning --grep "n":[0-9]*5', 'beginning --where value.n>50', 'beginning --sample 10'],
    ]) {
      expect(await same(`tail shown --no-follow --from ${how}`)).not.toBe('')
    }
    expect(await same('tail sho* --from beginning --no-follow -f %t\\n')).toBe('shown\n'.repeat(62))
  })

  it('topics and configs are changed the same', async () => {
    await same('topic describe flights', '', withoutIds)
    await same('topic alter again --partitions 4 --set retention.ms=9000000000000')
    await same('topic describe again -o json', '', withoutIds)
    await same('config alter topic again --set cleanup.policy=compact')
    await same('config alter topic again --unset cleanup.policy')
    // Kafka sets one itself for the whole cluster, which widens the column.
    const ofTopic = (text: string): string => text.replaceAll(/^.* broker\n/gm, '').replaceAll(/ +/g, ' ')
    await same('config describe topic again', '', ofTopic)
    await same('config alter user ada --set producer_byte_rate=1000000')
    await same('config describe user ada')
    await same('topic delete again')
    await same('topic list -o json', '', withoutIds)
  })

  it('what is wrong is told in the same words', async () => {
    for (const args of [
      ...['tail nowhere --no-follow', 'topic describe nowhere', 'topic delete nowhere', 'replay nowhere'],
      ...['group describe nobody', 'group reset nobody --to end', 'config describe topic nowhere'],
      ...['tail flights --partition 9 --no-follow', 'topic create flights', 'topic create a/b'],
      'topic create flat --set retention.ms=soon',
    ]) {
      await same(args)
    }
    await same('produce a/b', 'x\n')
    await same('produce flights --key-field a', '{"a":1}\nnonsense\n')
  })

  it('why a group reads nothing is told the same, as far as Kafka tells it', async () => {
    const why = (group: string): Promise<string> =>
      same(`group describe ${group} --why`, '', (text) => text.replaceAll(/[\w-]{22,}/g, 'MEMBER'))
    await same('topic create gone')
    await same('produce gone --quiet', 'a\nb\nc\n')
    await same('group reset idle --topic gone --to beginning --execute')
    await Promise.all(
      clients.map(({ admin }) => admin.deleteRecords([{ topic: 'gone', partition: 0, before: 2 }])),
    )
    const idle = await why('idle')
    expect(idle).toMatch(/^- The group has no members: no consumer with this group id is running/m)
    expect(idle).toMatch(/^- gone\/0: the committed offset 0 is before the first record that is left \(2\)/m)

    const members = clients.flatMap((client) =>
      [1, 2].map(() => client.topic('gone').consume({ group: 'crowd', protocol: 'consumer' })),
    )
    try {
      for (const member of members) void member.next().catch(() => undefined)
      const settled = ({ admin }: Client): Promise<string> =>
        admin.describeGroup('crowd').then((group) => `${group?.state} ${group?.members.length}`)
      await expect
        .poll(() => Promise.all(clients.map(settled)), { timeout: 20_000 })
        .toEqual(['Stable 2', 'Stable 2'])
      expect(await why('crowd')).toMatch(
        /^- 2 members share 1 partition, and a partition has one reader: \S+ has nothing to do\./m,
      )
    } finally {
      await Promise.all(members.map((member) => member.return(undefined)))
    }
  })

  it('bench measures, and doctor finds nothing broken', async () => {
    for (const output of await outputs('bench mixed --rate 500/s --duration 300ms -o json')) {
      const { produced, consumed } = JSON.parse(output)
      expect({ produced: produced.records, consumed: consumed.records }).toEqual({
        produced: 150,
        consumed: 150,
      })
    }
    for (const what of ['produce', 'consume', 'latency']) {
      const words = `bench ${what} --quiet --rate 500/s --records 150 --duration 300ms`
      const shapes = (await outputs(words)).map((text) =>
        text.replaceAll(/[\d,.]+|#+/g, 'N').replaceAll(/ +/g, ' '),
      )
      expect(shapes[1]).toBe(shapes[0])
    }
    const doctors = await outputs('doctor')
    for (const output of doctors) expect(output).toMatch(/^ok +versions: \d+ APIs/m)
    const subjects = doctors.map((output) => output.replaceAll(/^(\w+ +[^:]*):.*$/gm, '$1'))
    expect(subjects[1]).toBe(subjects[0])
  })
})
