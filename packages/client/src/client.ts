import { Admin } from './admin/admin.ts'
import { type ClientOptions, resolveClientOptions } from './client-options.ts'
import { Cluster } from './cluster.ts'
import { type ReadOptions, RecordReader } from './consumer/record-reader.ts'
import { Producer } from './producer/producer.ts'
import type { ProducerOptions } from './producer/producer-options.ts'
import { Topic, type TopicCodecs } from './topic.ts'

/** A client of one cluster. Nothing is connected before it is needed. */
export interface Client extends AsyncDisposable {
  /** Topics, configs, groups and offsets. */
  readonly admin: Admin
  /** Makes sure that a broker answers, with one attempt at each address; otherwise the first request finds out. */
  connect(): Promise<void>
  /** One topic with codecs for its keys and values; its sends share one producer with default options. */
  topic<K = Buffer, V = Buffer>(name: string, codecs?: TopicCodecs<K, V>): Topic<K, V>
  producer(options?: ProducerOptions): Producer
  /** Reads a topic as bytes, without a group. */
  read(topic: string, options?: ReadOptions): RecordReader
  /** Flushes the producers, ends the connections. Idempotent. */
  close(): Promise<void>
}

/** Opens a client. Throws INVALID_OPTION, naming the option, for one that cannot be used. */
export function createClient(options: ClientOptions): Client {
  return new ClusterClient(new Cluster(resolveClientOptions(options)))
}

class ClusterClient implements Client {
  readonly admin: Admin
  readonly #cluster: Cluster
  readonly #producers: Producer[] = []
  #sharedProducer: Producer | null = null
  #closing: Promise<void> | null = null

  constructor(cluster: Cluster) {
    this.#cluster = cluster
    this.admin = new Admin(cluster)
  }

  async connect(): Promise<void> {
    await this.#cluster.metadata.readAll('brokers')
  }

  topic<K = Buffer, V = Buffer>(name: string, codecs: TopicCodecs<K, V> = {}): Topic<K, V> {
    const shared = (): Producer => {
      this.#sharedProducer ??= this.producer()
      return this.#sharedProducer
    }
    return new Topic(this.#cluster, shared, name, codecs)
  }

  producer(options: ProducerOptions = {}): Producer {
    const producer = new Producer(this.#cluster, options)
    this.#producers.push(producer)
    return producer
  }

  read(topic: string, options: ReadOptions = {}): RecordReader {
    return new RecordReader(this.#cluster, topic, options)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #close(): Promise<void> {
    await Promise.all(this.#producers.map((producer) => producer.close()))
    this.#cluster.close()
  }
}
