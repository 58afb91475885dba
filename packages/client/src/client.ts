import { Admin } from './admin/admin.ts'
import { type ClientOptions, resolveClientOptions } from './client-options.ts'
import { Cluster } from './cluster.ts'
import { Producer } from './producer/producer.ts'
import type { ProducerOptions } from './producer/producer-options.ts'

/** A client of one cluster. Nothing is connected before it is needed. */
export interface Client extends AsyncDisposable {
  /** Topics, configs, groups and offsets. */
  readonly admin: Admin
  /** Makes sure that a broker answers; otherwise the first request finds out. One attempt at each address. */
  connect(): Promise<void>
  producer(options?: ProducerOptions): Producer
  /** Flushes the producers, leaves the groups, ends the connections. Idempotent. */
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
  #closing: Promise<void> | null = null

  constructor(cluster: Cluster) {
    this.#cluster = cluster
    this.admin = new Admin(cluster)
  }

  async connect(): Promise<void> {
    await this.#cluster.metadata.readAll('brokers')
  }

  producer(options: ProducerOptions = {}): Producer {
    const producer = new Producer(this.#cluster, options)
    this.#producers.push(producer)
    return producer
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
