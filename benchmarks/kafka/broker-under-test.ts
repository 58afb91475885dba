import { execFile } from 'node:child_process'
import process from 'node:process'
import { promisify } from 'node:util'
import { createClient } from '@millrace/client'
import { MillraceProcess } from '../../packages/broker/compat/process/millrace-process.ts'
import { startKafka } from '../../test/kafka/apache-kafka.ts'
import { loadProduce } from '../harness/loader.ts'

/** One of the two brokers that are compared. */
export interface BrokerUnderTest {
  readonly name: string
  readonly bootstrap: string
  readonly pid: number
  readonly dataDir: string
}

export interface BrokerPair extends AsyncDisposable {
  readonly millrace: BrokerUnderTest
  readonly kafka: BrokerUnderTest
}

/** A stopped Kafka is not to be taken for dead by its own controller. */
const KAFKA_PROPERTIES = { 'broker.session.timeout.ms': '900000' }

/** Starts both, and warms them one after the other: a JVM that is not runs at half its speed. */
export async function startPair(warmUpRecords: number): Promise<BrokerPair> {
  const kafka = await startKafka({ properties: KAFKA_PROPERTIES })
  const millrace = await MillraceProcess.start()
  const pair: BrokerPair = {
    millrace: {
      name: 'Millrace',
      bootstrap: millrace.bootstrap,
      pid: millrace.pid,
      dataDir: millrace.dataDir,
    },
    kafka: { name: 'Apache Kafka 4.3', bootstrap: kafka.bootstrap, pid: kafka.pid, dataDir: kafka.dataDir },
    [Symbol.asyncDispose]: async () => {
      await millrace.close()
      await kafka.close()
    },
  }
  for (const broker of [pair.millrace, pair.kafka]) {
    process.stderr.write(`${broker.name}: warming\n`)
    await alone(pair, broker, async () => {
      await createTopic(broker, 'warm-up', 1)
      await loadProduce({ bootstrap: broker.bootstrap, topic: 'warm-up' }, { count: warmUpRecords })
      await deleteTopic(broker, 'warm-up')
    })
  }
  return pair
}

/**
 * Runs something on one of the two while the other is stopped. What the page cache still has to write slows whoever
 * comes next, so it is written first.
 */
export async function alone<T>(pair: BrokerPair, broker: BrokerUnderTest, run: () => Promise<T>): Promise<T> {
  const other = broker === pair.millrace ? pair.kafka : pair.millrace
  process.kill(other.pid, 'SIGSTOP')
  try {
    await promisify(execFile)('sync')
    return await run()
  } finally {
    process.kill(other.pid, 'SIGCONT')
  }
}

export async function createTopic(
  { bootstrap }: BrokerUnderTest,
  name: string,
  partitions: number,
): Promise<void> {
  await using client = createClient({ bootstrapServers: bootstrap })
  await client.admin.createTopics([{ name, partitions }])
}

/** So that the disk does not fill up over the rounds. */
export async function deleteTopic({ bootstrap }: BrokerUnderTest, name: string): Promise<void> {
  await using client = createClient({ bootstrapServers: bootstrap })
  await client.admin.deleteTopics([name])
}
