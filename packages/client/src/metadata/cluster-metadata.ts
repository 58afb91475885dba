import { ErrorCode, type MetadataResponse, metadata } from '@millrace/protocol'
import { ClientError } from '../client-error.ts'
import type { ClientSettings } from '../client-options.ts'
import type { BrokerLink } from '../connection/broker-link.ts'
import type { BrokerLinks } from '../connection/broker-links.ts'
import type { Connection } from '../connection/connection.ts'
import { type BrokerAddress, formatAddress } from '../network/network.ts'
import { resourceError } from '../resource-error.ts'
import { delay } from '../time/clock.ts'
import { readTopicMetadata, type TopicMetadata, ZERO_TOPIC_ID } from './topic-metadata.ts'

/** One broker of the cluster. */
export interface BrokerNode extends BrokerAddress {
  readonly nodeId: number
  readonly rack: string | null
}

/** How long an address may take to answer before the next one is tried beside it, in ms. */
const PATIENCE_MS = 500

interface CachedTopic {
  readonly topic: TopicMetadata
  readonly readAtMs: number
  isStale: boolean
}

interface Refresh {
  readonly names: Set<string>
  readonly done: Promise<void>
}

/**
 * What the client knows of the cluster: brokers, topics, leaders. Look-ups of one turn share a
 * request; a topic is read again when it is older than `metadataMaxAgeMs` or was marked stale
 * because a broker said that it does not lead it.
 */
export class ClusterMetadata {
  readonly #settings: ClientSettings
  readonly #links: BrokerLinks
  readonly #topics = new Map<string, CachedTopic>()
  readonly #failures = new Map<string, number>()
  readonly #pending = new Map<boolean, Refresh>()
  #brokers = new Map<number, BrokerNode>()
  #controllerId = -1
  #clusterId: string | null = null

  constructor(settings: ClientSettings, links: BrokerLinks) {
    this.#settings = settings
    this.#links = links
  }

  get clusterId(): string | null {
    return this.#clusterId
  }

  get controllerId(): number {
    return this.#controllerId
  }

  get brokers(): readonly BrokerNode[] {
    return [...this.#brokers.values()]
  }

  broker(nodeId: number): BrokerNode | undefined {
    return this.#brokers.get(nodeId)
  }

  /** What is known of the topic without asking; undefined when it has to be asked (again). */
  cached(name: string): TopicMetadata | undefined {
    const entry = this.#topics.get(name)
    if (entry === undefined || entry.isStale) return undefined
    const ageMs = this.#settings.clock.monotonicMs() - entry.readAtMs
    return ageMs <= this.#settings.metadataMaxAgeMs ? entry.topic : undefined
  }

  /** The topic, from memory or from a broker; one attempt. UNKNOWN_TOPIC where there is none. */
  async topic(name: string, options: { mayCreate: boolean }): Promise<TopicMetadata> {
    const cached = this.cached(name)
    if (cached !== undefined) return cached
    await this.#refresh(name, options.mayCreate)
    const entry = this.#topics.get(name)
    if (entry !== undefined && !entry.isStale) return entry.topic
    throw unknownTopic(name, this.#failures.get(name) ?? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  }

  /** The next look-up of this topic asks a broker. */
  markStale(name: string): void {
    const entry = this.#topics.get(name)
    if (entry !== undefined) entry.isStale = true
  }

  /** Reads topics and brokers now: all topics, or none (only the brokers). */
  async readAll(what: 'all topics' | 'brokers'): Promise<TopicMetadata[]> {
    const answer = await this.#ask(what === 'brokers' ? [] : null, false)
    const names = new Set(answer.topics.map(({ name }) => name ?? ''))
    return [...names].flatMap((name) => this.#topics.get(name)?.topic ?? [])
  }

  /**
   * A connection to any broker: one that is open already, else the first that answers, beginning
   * with the brokers that metadata named and ending with the bootstrap addresses.
   */
  async anyConnection(): Promise<Connection> {
    const links = this.#candidates().map((address) => this.#links.link(address, 'control'))
    const open = links.find((link) => link.current !== null)?.current
    if (open) return open
    return this.#firstToAnswer(links)
  }

  /** Tries one after the other; one that is silent is not waited for when there are others. */
  async #firstToAnswer(links: readonly BrokerLink[]): Promise<Connection> {
    const { clock } = this.#settings
    const attempts: Promise<Connection>[] = []
    for (const link of links) {
      attempts.push(link.connection())
      const over = new AbortController()
      const patience = delay(clock, PATIENCE_MS, over.signal).then(() => null)
      // All of them have failed: then the next one is tried at once.
      const connection = await Promise.race([Promise.any(attempts), patience]).catch(() => null)
      over.abort()
      if (connection !== null) return connection
    }
    return Promise.any(attempts).catch((error: AggregateError) => {
      // What the last one said, as an AggregateError says nothing.
      throw error.errors.at(-1)
    })
  }

  #candidates(): BrokerAddress[] {
    const { clock, bootstrapServers } = this.#settings
    const known = shuffled(this.brokers, () => clock.random())
    const byAddress = new Map<string, BrokerAddress>()
    for (const { host, port } of [...known, ...shuffled(bootstrapServers, () => clock.random())]) {
      byAddress.set(formatAddress({ host, port }), { host, port })
    }
    return [...byAddress.values()]
  }

  /** Joins the refresh that is about to be sent, or plans one. What may create a topic is asked apart. */
  #refresh(name: string, mayCreate: boolean): Promise<void> {
    const planned = this.#pending.get(mayCreate)
    if (planned !== undefined) {
      planned.names.add(name)
      return planned.done
    }
    const names = new Set([name])
    const done = new Promise<void>((resolve) => this.#settings.clock.endOfTurn(resolve)).then(async () => {
      this.#pending.delete(mayCreate)
      await this.#ask([...names], mayCreate)
    })
    this.#pending.set(mayCreate, { names, done })
    return done
  }

  async #ask(names: readonly string[] | null, mayCreate: boolean): Promise<MetadataResponse> {
    const connection = await this.anyConnection()
    const answer = await connection.request(
      metadata,
      {
        topics: names === null ? null : names.map((name) => ({ topicId: ZERO_TOPIC_ID, name })),
        allowAutoTopicCreation: mayCreate,
      },
      { timeoutMs: this.#settings.requestTimeoutMs },
    )
    this.#apply(answer)
    return answer
  }

  #apply(answer: MetadataResponse): void {
    if (answer.brokers.length > 0) {
      this.#brokers = new Map(answer.brokers.map((broker) => [broker.nodeId, broker]))
    }
    this.#controllerId = answer.controllerId
    this.#clusterId = answer.clusterId ?? this.#clusterId
    const readAtMs = this.#settings.clock.monotonicMs()
    for (const wire of answer.topics) {
      const name = wire.name ?? ''
      // LEADER_NOT_AVAILABLE on the topic comes while it is being created: there is nothing to cache.
      if (wire.errorCode !== ErrorCode.NONE || wire.partitions.length === 0) {
        this.#topics.delete(name)
        this.#failures.set(name, wire.errorCode || ErrorCode.LEADER_NOT_AVAILABLE)
        continue
      }
      this.#failures.delete(name)
      const topic = readTopicMetadata(wire, this.#topics.get(name)?.topic)
      this.#topics.set(name, { topic, readAtMs, isStale: false })
    }
  }
}

function unknownTopic(name: string, errorCode: number): Error {
  if (errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) {
    return new ClientError('UNKNOWN_TOPIC', `there is no topic "${name}"`)
  }
  return resourceError(`topic "${name}"`, errorCode)
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const rest = [...items]
  for (let last = rest.length - 1; last > 0; last--) {
    const pick = Math.floor(random() * (last + 1))
    const kept = rest[last] as T
    rest[last] = rest[pick] as T
    rest[pick] = kept
  }
  return rest
}
