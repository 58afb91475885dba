import type { Client } from '@millrace/client'
import type { GatewayServices } from '../gateway-services.ts'
import { HttpError } from '../http/http-error.ts'
import type { FeedRegistry } from '../listen/feed-registry.ts'
import { type RecordSink, Subscription } from '../listen/subscription.ts'
import { matchesPattern } from '../listen/topic-pattern.ts'
import { type Gap, type Positions, resumePositions, startPositions } from '../records/positions.ts'
import type { ClientMessage } from './client-message.ts'

type SubscribeMessage = Extract<ClientMessage, { readonly type: 'subscribe' }>

/** What a client is told of each topic that it subscribes to. */
export interface SubscribedTopic {
  readonly positions: Readonly<Record<number, number>>
  readonly gaps?: readonly Gap[]
}

/** The subscriptions of one socket, one for each topic. */
export class SocketSubscriptions {
  readonly #services: GatewayServices
  readonly #feeds: FeedRegistry
  readonly #sink: RecordSink
  readonly #byTopic = new Map<string, Subscription | null>()
  #isClosed = false
  /** Who is served first the next time: credit is shared in turns. */
  #turn = 0

  constructor(services: GatewayServices, feeds: FeedRegistry, sink: RecordSink) {
    this.#services = services
    this.#feeds = feeds
    this.#sink = sink
  }

  /** Subscribes to what the message names, all of it or nothing. Nothing is sent before `pump`. */
  async add(message: SubscribeMessage): Promise<Readonly<Record<string, SubscribedTopic>>> {
    const client = await this.#services.client()
    const topics = await this.#topicsOf(client, message)
    const { maxTopicsPerSocket } = this.#services.settings.limits
    if (this.#byTopic.size + topics.length > maxTopicsPerSocket) {
      throw new HttpError(400, 'TOO_MANY_TOPICS', `a WebSocket may listen to ${maxTopicsPerSocket} topics`)
    }
    const double = topics.find((topic) => this.#byTopic.has(topic))
    if (double !== undefined) {
      throw new HttpError(409, 'ALREADY_SUBSCRIBED', `this WebSocket listens to ${double} already`)
    }
    // Taken at once, so that a second message cannot subscribe to them while this one is being worked on.
    for (const topic of topics) this.#byTopic.set(topic, null)
    const opened: { readonly subscription: Subscription; readonly gaps: readonly Gap[] }[] = []
    try {
      for (const topic of topics) opened.push(await this.#open(client, topic, message))
      const ended = topics.find((topic) => this.#isClosed || !this.#byTopic.has(topic))
      if (ended !== undefined) throw new HttpError(409, 'UNSUBSCRIBED', `listening to ${ended} was ended`)
    } catch (error) {
      for (const { subscription } of opened) this.#end(subscription)
      for (const topic of topics) this.#byTopic.delete(topic)
      throw error
    }
    const told = new Map<string, SubscribedTopic>()
    for (const { gaps, subscription } of opened) {
      this.#byTopic.set(subscription.topic, subscription)
      const positions = Object.fromEntries(subscription.positions)
      told.set(subscription.topic, gaps.length === 0 ? { positions } : { positions, gaps })
    }
    // A topic may be called __proto__.
    return Object.fromEntries(told)
  }

  remove(topic: string): void {
    const subscription = this.#byTopic.get(topic)
    this.#byTopic.delete(topic)
    if (subscription !== null && subscription !== undefined) this.#end(subscription)
  }

  /** There may be credit: every subscription gets its turn. */
  pump(): void {
    const all = [...this.#byTopic.values()]
    this.#turn++
    for (const index of all.keys()) all[(index + this.#turn) % all.length]?.pump()
  }

  close(): void {
    this.#isClosed = true
    for (const topic of [...this.#byTopic.keys()]) this.remove(topic)
  }

  async #topicsOf(client: Client, { pattern, topics }: SubscribeMessage): Promise<string[]> {
    if (pattern === null) return [...topics]
    const existing = await client.admin.listTopics()
    const matching = existing.map(({ name }) => name).filter((name) => matchesPattern(name, pattern))
    return [...new Set([...topics, ...matching])]
  }

  async #open(
    client: Client,
    topic: string,
    message: SubscribeMessage,
  ): Promise<{ readonly subscription: Subscription; readonly gaps: readonly Gap[] }> {
    const { listenerReadAheadBytes, maxFrameBytes, maxRecordsPerFrame } = this.#services.settings.limits
    const { gaps, positions } = await startOf(client, topic, message)
    const feed = await this.#feeds.acquire(topic)
    const subscription = new Subscription({
      client,
      feed,
      positions,
      format: message.format,
      sink: this.#sink,
      maxRecordsPerFrame,
      maxFrameBytes,
      readAheadBytes: listenerReadAheadBytes,
    })
    return { subscription, gaps }
  }

  #end(subscription: Subscription): void {
    subscription.close()
    this.#feeds.release(subscription.topic)
  }
}

async function startOf(
  client: Client,
  topic: string,
  { from, resume }: SubscribeMessage,
): Promise<{ readonly positions: Positions; readonly gaps: readonly Gap[] }> {
  const left = resume.get(topic)
  if (left !== undefined) return resumePositions(client, topic, left)
  if (from.kind === 'target') return { positions: await startPositions(client, topic, from.target), gaps: [] }
  const committed = await client.admin.fetchOffsets(from.group)
  const ofTopic = committed.filter((offset) => offset.topic === topic)
  return resumePositions(client, topic, new Map(ofTopic.map(({ partition, offset }) => [partition, offset])))
}
