import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isKafkaInstalled, runKafkaClass, startKafka } from '../../../../test/kafka/apache-kafka.ts'
import { MillraceProcess, runMillrace } from '../process/millrace-process.ts'
import { clientOf, fillCluster, readPlaces, stateOf } from './moving-cluster.ts'

/** Enough for two segments in each of two partitions. */
const RECORDS = 4_000
const folder = mkdtempSync(join(tmpdir(), 'millrace-import-'))
const kafkaDir = join(folder, 'kafka')
const dataDir = join(folder, 'millrace')

describe.runIf(isKafkaInstalled() || process.env.MILLRACE_REQUIRE_CLIENTS === '1')(
  'a directory that Kafka 4.3 left',
  () => {
    let before: string[] = []
    let records: string[] = []
    let output = ''
    let broker: MillraceProcess
    beforeAll(async () => {
      const kafka = await startKafka({
        dataDir: kafkaDir,
        heap: '512m',
        properties: { 'offsets.topic.num.partitions': '5', 'transaction.state.log.num.partitions': '2' },
      })
      await fillCluster(kafka.bootstrap, RECORDS)
      records = await readPlaces(kafka.bootstrap, 'flights', 'reader', RECORDS)
      const running = await runMillrace(['import', kafkaDir, '--data', dataDir])
      expect(running.stderr).toContain('its Kafka runs, or did not stop in good order')
      await kafka.close()
      before = stateOf(kafkaDir)
      const { code, stderr, stdout } = await runMillrace(['import', kafkaDir, '--data', dataDir, '--link'])
      expect({ code, stderr }).toMatchObject({ code: 0 })
      output = stdout
      broker = await MillraceProcess.start({ dataDir })
    })
    afterAll(async () => {
      await broker?.close()
      rmSync(folder, { recursive: true, force: true })
    })

    it('says what is taken and what is left behind, and why', () => {
      expect(output).toContain(`imported flights: 2 partitions, ${RECORDS} offsets`)
      expect(output).toMatch(/imported trains: 1 partition, 9 offsets/)
      expect(output).toContain('left behind: topic undone: partition 0 holds records of aborted transactions')
      expect(output).toMatch(/left behind: topic open: partition 0 has an open transaction of producer \d+/)
      expect(output).toContain('left behind: config min.insync.replicas=2 of topic strict')
    })

    it('serves the records at their offsets', async () => {
      expect(await readPlaces(broker.bootstrap, 'flights', 'another', RECORDS)).toEqual(records)
    })

    it('lets consumers go on where they had committed, aborted commits apart', async () => {
      const [first] = await readPlaces(broker.bootstrap, 'trains', 'riders', 1)
      expect(first).toBe('0/7 null t7')
    })

    it('keeps cluster id, topic ids, configs and the beginning of logs', async () => {
      const admin = clientOf(broker.bootstrap).admin()
      await admin.connect()
      const { clusterId } = await admin.describeCluster()
      const beginning = await admin.fetchTopicOffsets('trains')
      const configs = await admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: 2, name: 'flights', configNames: ['retention.ms', 'segment.bytes'] }],
      })
      await admin.disconnect()
      expect(clusterId).toBe('bWlsbHJhY2UtcmVmZXJlbg')
      expect(beginning).toMatchObject([{ low: '3', high: '12' }])
      expect(configs.resources[0]?.configEntries.map(({ configValue }) => configValue).sort()).toEqual([
        '-1',
        '1048576',
      ])
      const [ours, theirs] = [dataDir, kafkaDir].map((directory) => topicIdIn(join(directory, 'trains-0')))
      expect(ours).toBe(theirs)
    })

    it('is read by DumpLogSegments, with what was written since', async () => {
      const producer = clientOf(broker.bootstrap).producer()
      await producer.connect()
      await producer.send({ topic: 'flights', messages: [{ partition: 0, key: 'new', value: 'since' }] })
      await producer.disconnect()
      await broker.stop()
      const names = readdirSync(join(dataDir, 'flights-0')).filter((name) => name.endsWith('.log'))
      const files = names.map((name) => join(dataDir, 'flights-0', name)).join(',')
      const { stdout } = await runKafkaClass('org.apache.kafka.tools.DumpLogSegments', [
        '--deep-iteration',
        '--files',
        files,
      ])
      expect(stdout.match(/isvalid: true/g)?.length).toBeGreaterThan(2)
      expect(stdout).not.toContain('isvalid: false')
    })

    it('is refused when a bit of a record is another one, and then nothing is made', async () => {
      const damaged = join(folder, 'damaged')
      cpSync(kafkaDir, damaged, { recursive: true })
      const file = join(damaged, 'flights-1', `${'0'.repeat(20)}.log`)
      const bytes = readFileSync(file)
      bytes.writeUInt8(bytes.readUInt8(500_000) ^ 4, 500_000)
      writeFileSync(file, bytes)
      const { code, stderr } = await runMillrace(['import', damaged, '--data', join(folder, 'none')])
      expect(code).toBe(1)
      expect(stderr).toMatch(/flights-1\/0{20}\.log: byte \d+ of \d+: the CRC does not match/)
      expect(readdirSync(folder).filter((name) => name.startsWith('none'))).toEqual([])
    })

    it('is taken in part with --topics, as a copy with --copy, and told as JSON', async () => {
      const some = join(folder, 'some')
      const { code, stdout } = await runMillrace([
        ...['import', kafkaDir, '--data', some, '--topics', 'trains'],
        ...['--copy', '--output', 'json'],
      ])
      const { partitions }: { partitions: { topic: string; endOffset: number }[] } = JSON.parse(stdout)
      expect(code).toBe(0)
      // Committed offsets come along in any case.
      const taken = partitions.filter(({ topic }) => topic !== '__consumer_offsets')
      expect(taken).toMatchObject([{ topic: 'trains', partition: 0, endOffset: 12 }])
      expect(readdirSync(some)).toContain('trains-0')
      expect(readdirSync(some)).not.toContain('flights-0')
      const segment = join('trains-0', `${'0'.repeat(20)}.log`)
      expect(statSync(join(some, segment)).ino).not.toBe(statSync(join(kafkaDir, segment)).ino)
    })

    it('is written to under no other name of it', async () => {
      const link = join(folder, 'link')
      symlinkSync(kafkaDir, link)
      for (const [source, target] of [
        [link, join(kafkaDir, 'in')],
        [kafkaDir, join(link, 'in', 'deeper')],
      ] as const) {
        const { code, stderr } = await runMillrace(['import', source, '--data', target])
        expect({ code, stderr }).toMatchObject({
          code: 1,
          stderr: expect.stringMatching(/nothing is written/),
        })
      }
    })

    it('is as it was', () => {
      expect(stateOf(kafkaDir)).toEqual(before)
    })
  },
)

function topicIdIn(directory: string): string {
  return readFileSync(join(directory, 'partition.metadata'), 'utf8').trimEnd()
}
