import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MillraceProcess } from '../process/millrace-process.ts'
import { freePort } from '../process/ports.ts'
import { areApplicationsInstalled, type JavaProcess, startJava } from './java-process.ts'

const TEXT = ['all streams lead to kafka', 'hello kafka streams', 'join kafka summit']
const COUNTS = { all: 1, streams: 2, lead: 1, to: 1, kafka: 3, hello: 1, join: 1, summit: 1 }
const PATIENCE = { timeout: 60_000, interval: 100 }

describe.runIf(areApplicationsInstalled() || process.env.MILLRACE_REQUIRE_CLIENTS === '1')(
  'applications of Kafka, unchanged',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-applications-'))
    let broker: MillraceProcess
    beforeAll(async () => {
      broker = await MillraceProcess.start()
    })
    afterAll(async () => {
      await broker?.close()
      rmSync(folder, { recursive: true, force: true })
    })

    const fileOf = (name: string, lines: readonly string[]): string => {
      const path = join(folder, name)
      writeFileSync(path, lines.map((line) => `${line}\n`).join(''))
      return path
    }

    it.concurrent("Kafka Streams' word count counts words", async ({ expect }) => {
      const client = new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING })
      const [admin, producer] = [client.admin(), client.producer()]
      await Promise.all([admin.connect(), producer.connect()])
      const topics = ['streams-plaintext-input', 'streams-wordcount-output'].map((topic) => ({ topic }))
      await admin.createTopics({ topics })
      const messages = TEXT.map((value) => ({ value }))
      await producer.send({ topic: 'streams-plaintext-input', messages })
      const settings = fileOf('streams.properties', [
        `bootstrap.servers=${broker.bootstrap}`,
        `state.dir=${join(folder, 'state')}`,
        'commit.interval.ms=500',
      ])
      await using app = startJava(
        'org.apache.kafka.streams.examples.wordcount.WordCountDemo',
        [settings],
        folder,
      )
      const counts = new Map<string, number>()
      const consumer = client.consumer({ groupId: 'reader' })
      await consumer.connect()
      await consumer.subscribe({ topic: 'streams-wordcount-output', fromBeginning: true })
      await consumer.run({
        eachMessage: async ({ message: { key, value } }) => {
          counts.set(String(key), Number(value?.readBigInt64BE()))
        },
      })
      await expect.poll(() => alive(app) && Object.fromEntries(counts), PATIENCE).toEqual(COUNTS)
      // What it keeps beside its output: a log of its state, and the words by key.
      expect(await admin.listTopics()).toEqual(
        expect.arrayContaining([
          expect.stringMatching(/-changelog$/),
          expect.stringMatching(/-repartition$/),
        ]),
      )
      await Promise.all([consumer.disconnect(), admin.disconnect(), producer.disconnect()])
    })

    it.concurrent('Kafka Connect carries lines of a file into a topic and into another file', async ({
      expect,
    }) => {
      const source = fileOf('in.txt', TEXT)
      const sink = fileOf('out.txt', [])
      const port = await freePort()
      const stores = ['config', 'offset', 'status'].flatMap((name) => [
        `${name}.storage.topic=connect-${name}`,
        `${name}.storage.replication.factor=1`,
      ])
      const settings = fileOf('connect.properties', [
        `bootstrap.servers=${broker.bootstrap}`,
        'group.id=connect',
        `listeners=HTTP://127.0.0.1:${port}`,
        'key.converter=org.apache.kafka.connect.storage.StringConverter',
        'value.converter=org.apache.kafka.connect.storage.StringConverter',
        'offset.flush.interval.ms=500',
        'plugin.discovery=service_load',
        ...stores,
      ])
      await using connect = startJava('org.apache.kafka.connect.cli.ConnectDistributed', [settings], folder)
      const place = `http://127.0.0.1:${port}/connectors`
      const status = (): Promise<number> =>
        fetch(place).then(
          (response) => response.status,
          () => 0,
        )
      await expect.poll(() => alive(connect) && status(), PATIENCE).toBe(200)
      const file = (kind: string): string => `org.apache.kafka.connect.file.FileStream${kind}Connector`
      const wanted = [
        { name: 'in', config: { 'connector.class': file('Source'), file: source, topic: 'lines' } },
        { name: 'out', config: { 'connector.class': file('Sink'), file: sink, topics: 'lines' } },
      ]
      for (const connector of wanted) {
        const headers = { 'content-type': 'application/json' }
        const made = await fetch(place, { method: 'POST', headers, body: JSON.stringify(connector) })
        expect({ status: made.status, body: made.ok ? '' : await made.text() }).toEqual({
          status: 201,
          body: '',
        })
      }
      const carried = (): string => readFileSync(sink, 'utf8')
      await expect.poll(() => alive(connect) && carried(), PATIENCE).toBe(`${TEXT.join('\n')}\n`)
    })
  },
)

/** Throws with what the program said when it has ended too soon. */
function alive(app: JavaProcess): true {
  expect(app.hasEnded() ? app.output().slice(-3000) : '').toBe('')
  return true
}
