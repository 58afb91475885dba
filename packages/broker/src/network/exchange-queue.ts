/** The bytes of one answer, length included; null: this request gets none. */
export type ReplyBytes = readonly Buffer[] | null

/** One request between its frame and its answer. */
export interface Exchange {
  readonly apiKey: number
  readonly requestBytes: number
  /** When its frame was whole. */
  readonly wholeMs: number
  readonly startedMs: number
  /** When it was applied, or answered if that came first. */
  settledMs: number
  /** Of an answer that waits behind others. */
  waitingBytes: number
  /** When an answer that waits behind others was ready; 0 for one that does not. */
  answeredMs: number
  isAnswered: boolean
  reply: ReplyBytes
  /** Called when the answer has left, and nothing reads its bytes any more. Not when the connection fails before. */
  onSent: (() => void) | null
}

/** What may be sent now. */
export interface SentAnswers {
  readonly exchanges: readonly Exchange[]
  readonly buffers: readonly Buffer[]
}

const API_KEY_BYTES = 2

/** The requests of one connection that were started and not answered yet, in their order (invariant C1). */
export class ExchangeQueue {
  #exchanges: Exchange[] = []
  #unappliedCount = 0
  #requestBytes = 0
  #waitingReplyBytes = 0

  /** Requests whose answers are still to come. */
  get size(): number {
    return this.#exchanges.length
  }

  /** The frames of those requests. */
  get requestBytes(): number {
    return this.#requestBytes
  }

  /** Answers that are ready and wait for earlier ones. */
  get waitingReplyBytes(): number {
    return this.#waitingReplyBytes
  }

  /** Whether the next request may start: order is kept when everything before it has had its effect. */
  get isApplied(): boolean {
    return this.#unappliedCount === 0
  }

  /** A request starts. */
  start(frame: Buffer, wholeMs: number, startedMs: number): Exchange {
    const exchange: Exchange = {
      apiKey: frame.length >= API_KEY_BYTES ? frame.readInt16BE(0) : -1,
      requestBytes: frame.length,
      wholeMs,
      startedMs,
      settledMs: startedMs,
      waitingBytes: 0,
      answeredMs: 0,
      isAnswered: false,
      reply: null,
      onSent: null,
    }
    this.#exchanges.push(exchange)
    this.#requestBytes += exchange.requestBytes
    this.#unappliedCount++
    return exchange
  }

  /** The request's effect is in place. */
  settle(exchange: Exchange, settledMs: number): void {
    exchange.settledMs = settledMs
    this.#unappliedCount--
  }

  /** The answer is ready. Says whether it is the oldest, so that something may be sent. */
  answer(exchange: Exchange, reply: ReplyBytes, nowMs: () => number): boolean {
    exchange.reply = reply
    exchange.isAnswered = true
    if (this.#exchanges[0] === exchange) return true
    exchange.answeredMs = nowMs()
    for (const part of reply ?? []) exchange.waitingBytes += part.length
    this.#waitingReplyBytes += exchange.waitingBytes
    return false
  }

  /** Takes out the answers that stand at the head; null: there is none. */
  takeAnswered(): SentAnswers | null {
    let count = 0
    while (this.#exchanges[count]?.isAnswered) count++
    if (count === 0) return null
    // A lone request in flight is the common case: its array is handed over as it is.
    const exchanges = count === this.#exchanges.length ? this.#exchanges : this.#exchanges.slice(0, count)
    this.#exchanges = count === this.#exchanges.length ? [] : this.#exchanges.slice(count)
    let buffers: readonly Buffer[] = []
    for (const { reply, requestBytes, waitingBytes } of exchanges) {
      this.#requestBytes -= requestBytes
      this.#waitingReplyBytes -= waitingBytes
      if (reply !== null) buffers = buffers.length === 0 ? reply : buffers.concat(reply)
    }
    return { exchanges, buffers }
  }

  /** The connection is gone, and with it everything that was in flight. */
  clear(): void {
    this.#exchanges = []
    this.#requestBytes = 0
    this.#waitingReplyBytes = 0
  }
}
