import { Admin } from './admin/admin.ts'
import { type ClientOptions, resolveClientOptions } from './client-options.ts'
import { CloseDeadline, type CloseOptions, closeTimeoutMs } from './closing.ts'
import { Cluster } from './cluster.ts'
import { type ReadOptions, RecordReader } from './consumer/record-reader.ts'
import type { ClientCounters } from './counters.ts'
import { GroupConsumer } from './groups/group-consumer.ts'
import type { GroupOptions } from './groups/group-options.ts'
import type { TopicSelection } from './groups/topic-selection.ts'
import { Producer } from './producer/producer.ts'
import type { ProducerOptions } from './producer/producer-options.ts'
import { Topic, type TopicCodecs, type TopicOwner } from './topic.ts'

/** A client of one cluster. Nothing is connected before it is needed. */
export interface Client extends AsyncDisposable {
  /** Topics, configs, groups and offsets. */
  readonly admin: Admin
  /** Makes sure that a broker answers, with one attempt at each address; otherwise the first request finds out. */
  connect(): Promise<void>
  /** One topic with codecs for its keys and values; its sends share one producer with default options. */
  topic<K = Buffer, V = Buffer>(name: string, codecs?: TopicCodecs<K, V>): Topic<K, V>
  producer(options?: ProducerOptions): Producer
  /** Reads a topic, or several, as bytes, without a group. */
  read(topics: string | readonly string[], options?: ReadOptions): RecordReader
  /** Reads topics, by name or by pattern, as a member of a group, as bytes. */
  consume(topics: TopicSelection, options: GroupOptions): GroupConsumer
  /** What this client has done so far, as a snapshot. */
  counters(): ClientCounters
  /**
   * Flushes the producers, leaves the groups, ends the connections. Without `timeoutMs` it waits for what is under
   * way as long as that may take by its own options (`deliveryTimeoutMs`, `apiTimeoutMs`). Idempotent.
   */
  close(options?: CloseOptions): Promise<void>
}

/** Opens a client. Throws INVALID_OPTION, naming the option, for one that cannot be used. */
export function createClient(options: ClientOptions): Client {
  return new ClusterClient(new Cluster(resolveClientOptions(options)))
}

class ClusterClient implements Client {
  readonly admin: Admin
  readonly #cluster: Cluster
  readonly #producers = new Set<Producer>()
  readonly #consumers = new Set<GroupConsumer>()
  #sharedProducer: Producer | null = null
  readonly #deadline: CloseDeadline
  #closing: Promise<void> | null = null

  constructor(cluster: Cluster) {
    this.#cluster = cluster
    this.admin = new Admin(cluster)
    this.#deadline = new CloseDeadline(cluster.settings.clock)
  }

  async connect(): Promise<void> {
    await this.#cluster.metadata.readAll('brokers')
  }

  topic<K = Buffer, V = Buffer>(name: string, codecs: TopicCodecs<K, V> = {}): Topic<K, V> {
    const owner: TopicOwner = {
      cluster: this.#cluster,
      sharedProducer: () => {
        this.#sharedProducer ??= this.producer()
        return this.#sharedProducer
      },
      consume: (topics, options) => this.consume(topics, options),
    }
    return new Topic(owner, name, codecs)
  }

  producer(options: ProducerOptions = {}): Producer {
    const producer = new Producer(this.#cluster, options)
    this.#producers.add(producer)
    void producer.closed.then(() => this.#producers.delete(producer))
    return producer
  }

  read(topics: string | readonly string[], options: ReadOptions = {}): RecordReader {
    return new RecordReader(this.#cluster, topics, options)
  }

  consume(topics: TopicSelection, options: GroupOptions): GroupConsumer {
    const consumer = new GroupConsumer(this.#cluster, topics, options)
    this.#consumers.add(consumer)
    void consumer.closed.then(() => this.#consumers.delete(consumer))
    return consumer
  }

  counters(): ClientCounters {
    return { ...this.#cluster.settings.counters }
  }

  close(options: CloseOptions = {}): Promise<void> {
    this.#deadline.atMost(closeTimeoutMs(options, null))
    this.#closing ??= Promise.race([this.#closeInOrder(), this.#giveUpAtDeadline()])
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #closeInOrder(): Promise<void> {
    await Promise.all([...this.#consumers].map((consumer) => consumer.close()))
    // Only now: what a handler had in its hands may have been sent on.
    await Promise.all([...this.#producers].map((producer) => producer.close()))
    this.#cluster.close()
    this.#deadline.cancel()
  }

  /** Producers first: whoever waits for a record shall learn what became of it, not that a connection has ended. */
  async #giveUpAtDeadline(): Promise<void> {
    await this.#deadline.passed
    await Promise.all([...this.#producers].map((producer) => producer.close({ timeoutMs: 0 })))
    this.#cluster.close()
    await Promise.all([...this.#consumers].map((consumer) => consumer.close({ timeoutMs: 0 })))
  }
}
