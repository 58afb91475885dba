import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WireClient } from '../../../../test/bad-input/wire-client.ts'
import { type ApacheKafka, isKafkaInstalled, startKafka } from '../../../../test/kafka/apache-kafka.ts'
import { MillraceProcess } from '../process/millrace-process.ts'
import { settableConfigs, takenValues } from './config-values.ts'
import { comparable, runTool, type Surroundings, type ToolRun, withoutNumbers } from './kafka-tool.ts'
import { CONFIG_TOOL, type CommandLine, LINES, line, MORE_LINES } from './kafka-tool-lines.ts'
import { ODD_REQUESTS, prepareOddRequests } from './odd-requests.ts'

/** A Java machine for each on each side: the nightly run has all of them. */
const isFull = process.env.MILLRACE_TOOLS === 'full'
const CHOSEN = isFull ? [...LINES, ...MORE_LINES] : LINES

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

    it.each(CHOSEN.map((one) => [`${one.tool.split('.').at(-1)} ${one.args}`, one] as const))(
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
        const { stdout } = await runOn(broker, line(CONFIG_TOOL, args))
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

      it.runIf(isFull)('to every edge of every value that can be set while it runs', async () => {
        await using theirs = await WireClient.connect(sides[0]?.port ?? 0)
        await using ours = await WireClient.connect(sides[1]?.port ?? 0)
        const asked = await settableConfigs(ours, 'once')
        expect(asked.flatMap(({ names }) => names).length).toBeGreaterThan(50)
        for (const configs of asked) {
          const [taken, expected] = await Promise.all([
            takenValues(ours, configs),
            takenValues(theirs, configs),
          ])
          expect(taken).toEqual(expected)
        }
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
