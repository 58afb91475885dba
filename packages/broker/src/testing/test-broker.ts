import { type FileSystem, memoryFileSystem } from '@millrace/log-core'
import { createTopics, deleteTopics, ErrorCode, produce } from '@millrace/protocol'
import { buildBatch, type RecordInput } from '@millrace/record-batch'
import { SimulatedClock } from '@millrace/simulator'
import { InMemoryNetwork } from '../network/in-memory-network.ts'
import type { NetworkAddress } from '../network/network.ts'
import type { Logger, LogLevel } from '../observability.ts'
import { type Broker, type StartBrokerOptions, startBroker } from '../start-broker.ts'
import { TestConnection } from './test-connection.ts'

/** One line that the broker logged. */
export interface LoggedLine {
  readonly level: LogLevel
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

export interface TestBrokerOptions extends Omit<StartBrokerOptions, 'clock' | 'network' | 'logger'> {
  readonly fileSystem?: FileSystem
  readonly clock?: SimulatedClock
}

/**
 * A real broker with virtual time and a network in memory: `startBroker` itself, so what is tested is what
 * runs. Nothing happens unless time is let go on: `settle` does so until a promise is settled.
 */
export class TestBroker {
  readonly clock: SimulatedClock
  readonly fileSystem: FileSystem
  readonly logged: LoggedLine[]
  readonly broker: Broker
  readonly #network: InMemoryNetwork

  private constructor(
    parts: { clock: SimulatedClock; fileSystem: FileSystem; logged: LoggedLine[]; network: InMemoryNetwork },
    broker: Broker,
  ) {
    this.clock = parts.clock
    this.fileSystem = parts.fileSystem
    this.logged = parts.logged
    this.#network = parts.network
    this.broker = broker
  }

  static async start(options: TestBrokerOptions = {}): Promise<TestBroker> {
    const clock = options.clock ?? new SimulatedClock()
    const fileSystem = options.fileSystem ?? memoryFileSystem()
    const network = new InMemoryNetwork((run) => clock.endOfTurn(run))
    const logged: LoggedLine[] = []
    const logger = loggerInto(logged)
    const starting = startBroker({
      port: 0,
      ...options,
      fileSystem,
      network,
      clock,
      logger,
    })
    return new TestBroker({ clock, fileSystem, logged, network }, await clock.settle(starting))
  }

  /** A connection to one of the broker's nodes. */
  connect(nodeIndex = 0): TestConnection {
    const address = this.broker.brokers[nodeIndex]
    if (address === undefined) throw new RangeError(`no node ${nodeIndex}`)
    // 'localhost' is bound as 127.0.0.1 and ::1.
    const host = address.host === 'localhost' ? '127.0.0.1' : address.host
    return this.connectTo({ host, port: address.port })
  }

  /** A connection to a bound address. */
  connectTo(address: NetworkAddress): TestConnection {
    return new TestConnection(this.#network.connect(address))
  }

  settle<T>(promise: Promise<T>): Promise<T> {
    return this.clock.settle(promise)
  }

  /** Lets everything happen that happens without waiting. */
  async quiesce(): Promise<void> {
    await this.clock.advance(0)
    await this.clock.advance(0)
  }

  async createTopic(
    name: string,
    partitions = 1,
    configs: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const connection = this.connect()
    const { topics } = await this.settle(
      connection.request(createTopics, 7, {
        topics: [
          {
            name,
            numPartitions: partitions,
            replicationFactor: -1,
            assignments: [],
            configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
          },
        ],
      }),
    )
    connection.close()
    const [topic] = topics
    if (topic?.errorCode !== ErrorCode.NONE)
      throw new Error(`could not create ${name}: ${topic?.errorMessage}`)
    return topic.topicId
  }

  async deleteTopic(name: string): Promise<void> {
    const connection = this.connect()
    await this.settle(connection.request(deleteTopics, 4, { topicNames: [name], timeoutMs: 0 }))
    connection.close()
  }

  /** Appends one batch and returns its base offset. */
  async produce(topic: string, records: readonly Partial<RecordInput>[], partition = 0): Promise<number> {
    const connection = this.connect()
    const { responses } = await this.settle(
      connection.request(produce, 9, produceBody(topic, batchOf(records, this.clock.nowMs()), { partition })),
    )
    connection.close()
    const reply = responses[0]?.partitionResponses[0]
    if (reply?.errorCode !== ErrorCode.NONE) throw new Error(`produce failed: ${reply?.errorCode}`)
    return reply.baseOffset
  }

  async close(): Promise<void> {
    await this.settle(this.broker.close())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/** A batch of records whose parts that are left out are null, with this time. */
export function batchOf(
  records: readonly Partial<RecordInput>[],
  timestampMs: number,
  fields: Parameters<typeof buildBatch>[1] = {},
): Buffer {
  return buildBatch(
    records.map((record) => ({ key: null, value: null, timestampMs, ...record })),
    fields,
  )
}

/** `count` records of `sizeBytes`, each with its number in front. */
export function numbered(count: number, sizeBytes = 16): Partial<RecordInput>[] {
  return Array.from({ length: count }, (_, index) => ({
    value: Buffer.from(String(index).padEnd(sizeBytes, '.').slice(0, sizeBytes)),
  }))
}

/** The body of a Produce request with one batch. */
export function produceBody(
  topic: string,
  records: Buffer | null,
  { acks = -1, partition = 0, transactionalId = null as string | null } = {},
) {
  return {
    transactionalId,
    acks,
    timeoutMs: 1000,
    topicData: [{ name: topic, partitionData: [{ index: partition, records }] }],
  }
}

function loggerInto(lines: LoggedLine[]): Logger {
  const at =
    (level: LogLevel) =>
    (fields: object, message: string): void => {
      lines.push({ level, message, fields: { ...fields } })
    }
  return {
    isLevelEnabled: () => true,
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
  }
}
