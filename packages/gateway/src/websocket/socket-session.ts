import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { GatewayServices } from '../gateway-services.ts'
import { answerOf } from '../http/error-answer.ts'
import { HttpError } from '../http/http-error.ts'
import type { FeedRegistry } from '../listen/feed-registry.ts'
import type { RecordSink } from '../listen/subscription.ts'
import { type ClientMessage, readClientMessage } from './client-message.ts'
import { CloseCode } from './close-code.ts'
import { SocketSubscriptions } from './socket-subscriptions.ts'

type Message<Type extends ClientMessage['type']> = Extract<ClientMessage, { readonly type: Type }>

/** What a close frame has room for (RFC 6455, 5.5). */
const MAX_REASON_BYTES = 123

/** One WebSocket: what it subscribes to, what it may still be sent, what it sends. */
export class SocketSession implements RecordSink {
  readonly #services: GatewayServices
  readonly #socket: WebSocket
  readonly #stream: Duplex
  readonly #subscriptions: SocketSubscriptions
  #credit = 0
  #producesInFlight = 0
  #isAlive = true
  /** Behind all that changes subscriptions. */
  #order: Promise<void> = Promise.resolve()
  #changesWaiting = 0
  /** It was full, and whatever had to wait for room has not been told yet that there is some. */
  #isHeldBack = false

  /** `stream` is what the socket writes to. */
  constructor(services: GatewayServices, socket: WebSocket, stream: Duplex, feeds: FeedRegistry) {
    this.#services = services
    this.#socket = socket
    this.#stream = stream
    this.#subscriptions = new SocketSubscriptions(services, feeds, this)
    socket.on('message', (data, isBinary) => this.#onMessage(data as Buffer, isBinary))
    socket.on('pong', () => {
      this.#isAlive = true
    })
    // A peer that breaks the protocol: ws has answered, and 'close' follows.
    socket.on('error', () => {})
    socket.on('close', () => this.#subscriptions.close())
  }

  get credit(): number {
    return this.#socket.readyState !== this.#socket.OPEN || this.#isFull ? 0 : this.#credit
  }

  /**
   * Past ws, which would make the same two header bytes for each listener anew and write them and the records as two
   * buffers. That is sound while nothing is compressed: ws then writes each message of its own whole and at once.
   */
  send(message: Buffer, recordCount: number): void {
    this.#credit -= recordCount
    this.#services.counts.webSocketRecords += recordCount
    this.#stream.write(message, this.#onWritten)
    if (this.#isFull) this.#isHeldBack = true
  }

  onSubscriptionFailed(topic: string, error: unknown): void {
    this.#subscriptions.remove(topic)
    this.#tellError(null, error, { topic })
  }

  /**
   * Asks whether the peer is there; closes when nothing has come of it since the last time. Of one that reads slowly the
   * answer may be long in coming, because the ping stands behind records: that it takes some of them counts too.
   */
  checkAlive(): void {
    if (!this.#isAlive) {
      // ws ends the connection some seconds later, also when nobody answers this either.
      this.close(CloseCode.silent, 'no answer to a ping')
      return
    }
    this.#isAlive = false
    this.#socket.ping('', false, this.#onWritten)
    if (this.#isFull) this.#isHeldBack = true
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, firstBytes(reason, MAX_REASON_BYTES))
  }

  #onMessage(data: Buffer, isBinary: boolean): void {
    if (isBinary) {
      this.close(CloseCode.binaryMessage, 'messages are JSON text')
      return
    }
    try {
      const message = readClientMessage(data.toString('utf8'), this.#services.settings.limits)
      void this.#handle(message)
    } catch (error) {
      if (error instanceof HttpError) this.close(CloseCode.badMessage, error.message)
      else this.#tellError(null, error)
    }
  }

  async #handle(message: ClientMessage): Promise<void> {
    try {
      switch (message.type) {
        case 'credit':
          return this.#addCredit(message.records)
        case 'subscribe':
          return await this.#inOrder(() => this.#subscribe(message))
        case 'unsubscribe':
          return await this.#inOrder(async () => this.#unsubscribe(message))
        case 'produce':
          return await this.#produce(message)
        case 'refused':
          throw message.error
      }
    } catch (error) {
      this.#tellError('id' in message ? message.id : null, error)
    }
  }

  /** To subscribe takes a while: whoever takes it back meanwhile means what was asked before. */
  #inOrder(run: () => Promise<void>): Promise<void> {
    this.#changesWaiting++
    if (this.#hasChangesEnough) this.#socket.pause()
    const done = this.#order.then(run).finally(() => {
      this.#changesWaiting--
      this.#listenAgain()
    })
    this.#order = done.catch(() => {})
    return done
  }

  #unsubscribe({ id, topics }: Message<'unsubscribe'>): void {
    for (const topic of topics) this.#subscriptions.remove(topic)
    this.#tell({ type: 'unsubscribed', id, topics })
  }

  #addCredit(records: number): void {
    this.#credit = Math.min(this.#credit + records, this.#services.settings.limits.maxCredit)
    this.#subscriptions.pump()
  }

  async #subscribe(message: Message<'subscribe'>): Promise<void> {
    const topics = await this.#subscriptions.add(message)
    // The answer goes before the first record.
    this.#tell({ type: 'subscribed', id: message.id, topics })
    if (message.credit > 0) this.#addCredit(message.credit)
    else this.#subscriptions.pump()
  }

  async #produce({ acks, id, records, topic }: Message<'produce'>): Promise<void> {
    const { maxProducesInFlight } = this.#services.settings.limits
    if (this.#producesInFlight >= maxProducesInFlight) {
      const message = `${maxProducesInFlight} messages wait for their acknowledgement already: this one was not written`
      throw new HttpError(429, 'TOO_MANY_IN_FLIGHT', message)
    }
    this.#producesInFlight++
    try {
      const producer = await this.#services.producer(acks)
      const { offsets, partitions } = await producer.sendMany(topic, records)
      const written = Array.from(offsets, (offset, index) => ({ partition: partitions[index], offset }))
      this.#tell({ type: 'produced', id, topic, records: written })
    } finally {
      this.#producesInFlight--
    }
  }

  /** Who asks without reading the answers is not read either, until there is room for them. */
  #tell(message: object): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    this.#socket.send(JSON.stringify(message), this.#onWritten)
    if (!this.#isFull) return
    this.#isHeldBack = true
    this.#socket.pause()
  }

  /** Everything that is written ends here, or records would wait behind answers that have long been taken. */
  readonly #onWritten = (): void => {
    if (!this.#isHeldBack || this.#isFull) return
    this.#isHeldBack = false
    // There was no room anywhere on the way, so somebody has taken something at its end.
    this.#isAlive = true
    this.#listenAgain()
    this.#subscriptions.pump()
  }

  #listenAgain(): void {
    if (this.#socket.isPaused && !this.#isHeldBack && !this.#hasChangesEnough) this.#socket.resume()
  }

  get #hasChangesEnough(): boolean {
    return this.#changesWaiting >= this.#services.settings.limits.maxChangesWaiting
  }

  get #isFull(): boolean {
    return this.#socket.bufferedAmount > this.#services.settings.limits.maxUnsentBytes
  }

  #tellError(id: string | null, error: unknown, more: object = {}): void {
    const answer = answerOf(error)
    if (answer !== null) {
      this.#tell({ type: 'error', id, code: answer.code, message: answer.message, ...more })
      return
    }
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.#services.settings.logger.error({ reason }, 'gateway: a WebSocket failed')
    this.close(CloseCode.internalError, 'the gateway failed')
  }
}

/** As much of a text as fits, without half a character at its end: ws throws for a reason that is too long. */
function firstBytes(text: string, maxBytes: number): string {
  return new TextDecoder().decode(Buffer.from(text).subarray(0, maxBytes), { stream: true })
}
