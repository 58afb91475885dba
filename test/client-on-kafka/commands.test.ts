/** The command against Apache Kafka and against Millrace: the same lines come out. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MillraceProcess, runMillrace } from '../../packages/broker/compat/process/millrace-process.ts'
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

  /** What a command does on each of the two. */
  async function both(args: string, input = ''): Promise<string[]> {
    const outputs: string[] = []
    for (const bootstrap of [kafka?.bootstrap ?? '', millrace?.bootstrap ?? '']) {
      const { code, stdout, stderr } = await runMillrace(args.split(' '), { bootstrap, input })
      expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' })
      outputs.push(stdout)
    }
    return outputs
  }

  async function same(args: string, input = ''): Promise<string> {
    const [onKafka = '', onMillrace] = await both(args, input)
    expect({ args, stdout: onMillrace }).toEqual({ args, stdout: onKafka })
    return onKafka
  }

  it('topic, produce, tail and replay say the same', async () => {
    await same('topic create flights --partitions 3 --set retention.ms=-1')
    await same('topic create again --partitions 3')
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
    for (const output of await both('config describe topic flights')) {
      expect(output).toMatch(/^retention\.ms +-1 +topic$/m)
    }
  })

  it('groups are reset and described the same', async () => {
    await same('group reset readers --topic flights --to 2001-01-01T00:00:00.300Z --execute')
    await same('group offsets readers')
    // A coordinator tells its commits in any order.
    const [onKafka, onMillrace] = await both('group delete readers --execute')
    expect(onMillrace?.split('\n').sort()).toEqual(onKafka?.split('\n').sort())
  })

  it('bench measures, and doctor finds nothing broken', async () => {
    for (const output of await both('bench mixed --rate 500/s --duration 300ms -o json')) {
      const { produced, consumed } = JSON.parse(output)
      expect({ produced: produced.records, consumed: consumed.records }).toEqual({
        produced: 150,
        consumed: 150,
      })
    }
    for (const output of await both('doctor')) expect(output).toMatch(/^ok +versions: \d+ APIs/m)
  })
})
