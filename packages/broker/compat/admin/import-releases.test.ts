import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type KafkaOptions, startKafka } from '../../../../test/kafka/apache-kafka.ts'
import { MillraceProcess, runMillrace } from '../process/millrace-process.ts'
import { clientOf, fillCluster, readPlaces, stateOf } from './moving-cluster.ts'

const RECORDS = 9_000
const folder = mkdtempSync(join(tmpdir(), 'millrace-import-releases-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What each release writes that the others do not: metadata records of other versions among it. */
const RELEASES: readonly NonNullable<KafkaOptions['release']>[] = ['3.9', '4.3']

/** Several starts of Kafka: a nightly part. */
describe.runIf(process.env.MILLRACE_IMPORT === 'full').each(RELEASES)(
  'a directory that Kafka %s left',
  (release) => {
    const kafkaDir = join(folder, `kafka-${release}`)
    const dataDir = join(folder, `millrace-${release}`)
    const options: KafkaOptions = {
      release,
      heap: '512m',
      properties: { 'offsets.topic.num.partitions': '5', 'transaction.state.log.num.partitions': '2' },
    }

    it('is imported whole, serves its records and groups, and goes back to its Kafka', async () => {
      const kafka = await startKafka({ ...options, dataDir: kafkaDir })
      await fillCluster(kafka.bootstrap, RECORDS)
      const records = await readPlaces(kafka.bootstrap, 'flights', 'reader', RECORDS)
      await kafka.close()
      const before = stateOf(kafkaDir)
      const running = await runMillrace(['import', kafkaDir, '--data', dataDir, '--link'])
      expect({ code: running.code, stderr: running.stderr }).toMatchObject({ code: 0 })
      expect(running.stdout).toContain(`imported flights: 2 partitions, ${RECORDS} offsets`)
      expect(running.stdout).toMatch(/left behind: topic open: partition 0 has an open transaction/)
      expect(running.stdout).toContain('left behind: topic undone: partition 0 holds records of aborted')

      const broker = await MillraceProcess.start({ dataDir })
      try {
        expect(await readPlaces(broker.bootstrap, 'flights', 'another', RECORDS)).toEqual(records)
        expect(await readPlaces(broker.bootstrap, 'trains', 'riders', 1)).toEqual(['0/7 null t7'])
        const producer = clientOf(broker.bootstrap).producer()
        await producer.connect()
        await producer.send({ topic: 'flights', messages: [{ partition: 0, key: 'new', value: 'since' }] })
        await producer.disconnect()
        await broker.stop()
      } finally {
        await broker.close()
      }

      const copy = join(folder, `again-${release}`)
      cpSync(kafkaDir, copy, { recursive: true })
      for (const name of ['flights-0', 'flights-1']) {
        rmSync(join(copy, name), { recursive: true })
        cpSync(join(dataDir, name), join(copy, name), { recursive: true })
      }
      await using again = await startKafka({ ...options, dataDir: copy })
      const served = await readPlaces(again.bootstrap, 'flights', 'third', RECORDS + 1)
      expect(served).toEqual([...records, `0/${RECORDS / 2} new since`].sort())
      expect(stateOf(kafkaDir)).toEqual(before)
    }, 180_000)
  },
)
