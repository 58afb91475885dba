import { FrameSplitter } from '@millrace/protocol'
import { Applied, NO_RESPONSE } from '../handlers/handler.ts'
import type { Limits } from '../limits.ts'
import type { RequestMetrics } from '../metrics/request-metrics.ts'
import { ArrivalTimes } from './arrival-times.ts'
import type { ConnectionInfo, ListenerInfo } from './connection-info.ts'
import { type Exchange, ExchangeQueue, type ReplyBytes } from './exchange-queue.ts'
import type { ByteStream, StreamReceiver } from './network.ts'
import type { ReceiveBudget, Receiver } from './receive-budget.ts'
import type { ReplyBudget } from './reply-budget.ts'

/** What became of a request: answered, applied with the answer to come, or neither yet. */
export type Routed = ReplyBytes | Applied<ReplyBytes> | Promise<ReplyBytes | Applied<ReplyBytes>>

/** What a connection asks of the broker. */
export interface ConnectionOwner {
  readonly limits: Limits
  readonly replyBudget: ReplyBudget
  readonly receiveBudget: ReceiveBudget
  readonly requestMetrics: RequestMetrics
  /** Runs one request. What it throws, now or later, closes the connection. */
  route(frame: Buffer, connection: Connection, exchange: Exchange): Routed
  /** Monotonic. */
  nowMs(): number
  /** Runs once, at the earliest `delayMs` from now. */
  after(delayMs: number, run: () => void): void
  /** Why a connection is being closed, when it is not the peer's ordinary end. */
  reportFailure(connection: Connection, error: unknown): void
  onClosed(connection: Connection): void
}

/**
 * One client connection: splits the byte stream into frames, starts them in order, and sends the
 * answers in order (invariant C1, trap 3).
 *
 * A request starts when all earlier ones of the connection have been applied. Produce says so
 * before its answer is ready (`Applied`), so pipelined batches share a sync; whatever else waits (a
 * parked Fetch, a JoinGroup) holds back what comes behind it, as in Kafka. Nothing grows: when no
 * request may start, reading pauses.
 */
export class Connection implements ConnectionInfo, StreamReceiver, Receiver {
  readonly id: number
  readonly listener: ListenerInfo
  readonly openedAtMs: number
  clientId: string | null = null
  softwareName = ''
  softwareVersion = ''
  lastActiveMs: number
  readonly #stream: ByteStream
  readonly #owner: ConnectionOwner
  readonly #splitter: FrameSplitter
  readonly #arrivals = new ArrivalTimes()
  readonly #exchanges = new ExchangeQueue()
  /** What the budgets know. */
  #countedReplyBytes = 0
  #countedReceivedBytes = 0
  #seenUnsentBytes = 0
  #seenUnsentMs = 0
  #isPumping = false
  #isFlushQueued = false
  #isReadingPaused = false
  #isDraining = false
  /** Until then no request starts: its client used more than its quota. */
  #mutedUntilMs = 0
  #isClosed = false

  constructor(id: number, listener: ListenerInfo, stream: ByteStream, owner: ConnectionOwner) {
    this.id = id
    this.listener = listener
    this.#stream = stream
    this.#owner = owner
    this.#splitter = new FrameSplitter({ maxFrameBytes: owner.limits.maxFrameBytes })
    this.openedAtMs = owner.nowMs()
    this.lastActiveMs = this.openedAtMs
  }

  get remoteAddress(): string {
    return this.#stream.remoteAddress
  }

  get remotePort(): number {
    return this.#stream.remotePort
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Requests whose answers are still to come. */
  get requestsInFlight(): number {
    return this.#exchanges.size
  }

  /** Of requests that were started, and of what was received behind them. */
  get bytesInFlight(): number {
    return this.#exchanges.requestBytes + this.#splitter.pendingBytes
  }

  get unsentBytes(): number {
    return this.#stream.unsentBytes
  }

  /** When the peer last took something of what is unsent, as far as looking now and then can tell. */
  lastProgressMs(): number {
    const { unsentBytes } = this.#stream
    if (unsentBytes !== this.#seenUnsentBytes) {
      this.#seenUnsentBytes = unsentBytes
      this.#seenUnsentMs = this.#owner.nowMs()
    }
    return this.#seenUnsentMs
  }

  /** Starts delivery. Apart from the constructor, so that the owner knows the connection first. */
  open(): void {
    this.#stream.start(this)
  }

  onData(chunk: Buffer): void {
    if (this.#isClosed || this.#isDraining) return
    this.lastActiveMs = this.#owner.nowMs()
    this.#arrivals.received(chunk.length, this.lastActiveMs)
    this.#splitter.push(chunk)
    this.#pump()
  }

  onDrained(): void {
    this.lastActiveMs = this.#owner.nowMs()
    this.#countReplies()
    this.#pump()
  }

  onReceiveRoom(): void {
    this.#steerReading()
  }

  onClosed(): void {
    if (this.#isClosed) return
    this.#forget()
  }

  /** Whether requests are held back because the client used more than its quota. */
  get isMuted(): boolean {
    return this.#mutedUntilMs > 0 && this.#owner.nowMs() < this.#mutedUntilMs
  }

  /** Starts no request for so long; answers still leave (KIP-219). */
  mute(delayMs: number): void {
    const untilMs = this.#owner.nowMs() + delayMs
    if (this.#isClosed || untilMs <= this.#mutedUntilMs) return
    this.#mutedUntilMs = untilMs
    this.#owner.after(delayMs, () => this.#pump())
  }

  /** Closes at once. */
  close(): void {
    if (this.#isClosed) return
    this.#stream.destroy()
    this.#forget()
  }

  /** Starts nothing more; closes as soon as the answers on their way have left. */
  drain(): void {
    if (this.#isClosed || this.#isDraining) return
    this.#isDraining = true
    // A paused stream would not notice that its peer has gone.
    this.#stream.resume()
    this.#endIfDrained()
  }

  #forget(): void {
    this.#isClosed = true
    this.#exchanges.clear()
    this.#countReplies()
    this.#countReceived(0)
    this.#owner.receiveBudget.leave(this)
    this.#owner.replyBudget.leave(this)
    this.#owner.onClosed(this)
  }

  #fail(error: unknown): void {
    if (this.#isClosed) return
    this.#owner.reportFailure(this, error)
    this.close()
  }

  /** Sends every answer that may leave and starts every request that may start, until neither is left. */
  #pump(): void {
    if (this.#isPumping || this.#isClosed) return
    this.#isPumping = true
    try {
      do {
        this.#startRequests()
      } while (this.#flush())
    } catch (error) {
      this.#fail(error)
    } finally {
      this.#isPumping = false
    }
    this.#steerReading()
  }

  #startRequests(): void {
    while (this.#mayStart()) {
      const frame = this.#splitter.next()
      if (frame === null) break
      this.#start(frame)
    }
  }

  #mayStart(): boolean {
    const { limits, receiveBudget } = this.#owner
    return (
      !this.#isClosed &&
      !this.#isDraining &&
      !this.isMuted &&
      this.#exchanges.isApplied &&
      (this.#exchanges.size === 0 || !receiveBudget.isFull) &&
      this.#exchanges.requestBytes < limits.maxBytesInFlight &&
      this.#exchanges.size < limits.maxRequestsInFlight &&
      this.#stream.unsentBytes <= limits.maxUnsentBytes
    )
  }

  #start(frame: Buffer): void {
    const wholeMs = this.#arrivals.takenUpTo(this.#splitter.pendingBytes)
    const exchange = this.#exchanges.start(frame, wholeMs, this.#owner.nowMs())
    const routed = this.#owner.route(frame, this, exchange)
    if (routed instanceof Promise) {
      routed.then(
        (outcome) => this.#settle(exchange, outcome),
        (error: unknown) => this.#fail(error),
      )
    } else {
      this.#settle(exchange, routed)
    }
  }

  #settle(exchange: Exchange, outcome: ReplyBytes | Applied<ReplyBytes>): void {
    if (this.#isClosed) return
    this.#exchanges.settle(exchange, this.#owner.nowMs())
    if (outcome instanceof Applied) {
      outcome.reply.then(
        (reply) => this.#answer(exchange, reply === NO_RESPONSE ? null : reply),
        (error: unknown) => this.#fail(error),
      )
      // The next request may start now, even though this one's answer is to come.
      this.#pump()
    } else {
      this.#answer(exchange, outcome)
    }
  }

  #answer(exchange: Exchange, reply: ReplyBytes): void {
    if (this.#isClosed) return
    if (!this.#exchanges.answer(exchange, reply, () => this.#owner.nowMs())) {
      this.#countReplies()
      return
    }
    if (this.#isPumping || this.#isFlushQueued) return
    // One sync answers many requests, each in a microtask of its own: send them in one write.
    this.#isFlushQueued = true
    queueMicrotask(() => {
      this.#isFlushQueued = false
      this.#pump()
      this.#endIfDrained()
    })
  }

  /** Sends the answers that may leave. False: there was none. */
  #flush(): boolean {
    const answered = this.#isClosed ? null : this.#exchanges.takeAnswered()
    if (answered === null) return false
    if (answered.buffers.length > 0) this.#stream.write(answered.buffers, whenSent(answered.exchanges))
    this.#countReplies()
    const nowMs = this.#owner.nowMs()
    for (const exchange of answered.exchanges) this.#owner.requestMetrics.record(exchange, nowMs)
    return true
  }

  /** Answers that are not gone: waiting for earlier ones, or for a peer that does not take them. */
  #countReplies(): void {
    const heldBytes = this.#isClosed ? 0 : this.#exchanges.waitingReplyBytes + this.#stream.unsentBytes
    if (heldBytes === this.#countedReplyBytes) return
    this.#owner.replyBudget.change(heldBytes - this.#countedReplyBytes)
    this.#countedReplyBytes = heldBytes
  }

  #countReceived(receivedBytes: number): void {
    const changeBytes = receivedBytes - this.#countedReceivedBytes
    if (changeBytes === 0) return
    this.#countedReceivedBytes = receivedBytes
    this.#owner.receiveBudget.change(changeBytes)
  }

  /** Slows the peer down while what it sends could not be started, or could not be kept. */
  #steerReading(): void {
    if (this.#isClosed) return
    this.#countReceived(this.bytesInFlight)
    const shouldPause = !this.#mayReadOn()
    if (shouldPause === this.#isReadingPaused) return
    this.#isReadingPaused = shouldPause
    if (shouldPause) this.#stream.pause()
    else this.#stream.resume()
  }

  #mayReadOn(): boolean {
    const { limits, receiveBudget } = this.#owner
    if (this.#splitter.pendingBytes < limits.readAheadBytes) {
      receiveBudget.leave(this)
      return true
    }
    // A frame that is not whole yet must be read on, or it never will be.
    return this.#mayStart() && receiveBudget.mayReadOn(this)
  }

  #endIfDrained(): void {
    if (!this.#isDraining || this.#isClosed || this.requestsInFlight > 0) return
    this.#stream.end()
  }
}

/** What is to be done when these answers have left; most have nothing. */
function whenSent(exchanges: readonly Exchange[]): (() => void) | undefined {
  const waiting = exchanges.filter(({ onSent }) => onSent !== null)
  if (waiting.length === 0) return undefined
  return () => {
    for (const { onSent } of waiting) onSent?.()
  }
}
