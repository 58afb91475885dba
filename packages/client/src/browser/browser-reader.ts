import { waitAbout } from './browser-timer.ts'
import { type GatewayMessage, GatewaySocket } from './gateway-socket.ts'

/** One record. Bytes that are no text are `{ base64 }`, JSON objects and lists stand as such. */
export interface BrowserRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Milliseconds since 1970. */
  readonly timestamp: number
  readonly key: unknown
  readonly value: unknown
  readonly headers?: readonly { readonly key: string; readonly value: unknown }[]
}

/** The next offset of every partition of every topic: plain JSON, to be kept over a reload of the page. */
export type ResumePositions = Record<string, Record<string, number>>

/** What to read. */
export interface BrowserReadOptions {
  readonly topics?: readonly string[]
  /** With `*` and `?`: the topics that there are when reading begins, or goes on after a cut. */
  readonly pattern?: string
  /** Default `end`. */
  readonly from?:
    | 'beginning'
    | 'end'
    | number
    | { readonly time: number | string }
    | { readonly group: string }
  /** Goes on where `positions` of an earlier reader had come to. */
  readonly resume?: ResumePositions
  /** How many records may wait to be read. Default 1,000. */
  readonly maxWaiting?: number
  /** Is told of each cut and each return, for a sign in the page. */
  readonly onConnection?: (state: 'connected' | 'lost') => void
}

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5_000

/**
 * Reads topics through a gateway: `for await`. A lost connection is made again, and reading goes on without a gap or a
 * double. The gateway never has more on its way than may wait here.
 */
export class BrowserReader implements AsyncIterable<BrowserRecord> {
  readonly #url: string
  readonly #options: BrowserReadOptions
  readonly #maxWaiting: number
  #waiting: BrowserRecord[] = []
  #taken = 0
  /** Behind what was received, and behind what was handed out. */
  #received: ResumePositions | null
  readonly #positions: ResumePositions
  #socket: GatewaySocket | null = null
  #failure: Error | null = null
  #isClosed = false
  #wake: () => void = () => {}

  constructor(url: string, options: BrowserReadOptions) {
    this.#url = url
    this.#options = options
    this.#maxWaiting = options.maxWaiting ?? 1_000
    this.#received = options.resume === undefined ? null : structuredClone(options.resume)
    this.#positions = structuredClone(options.resume ?? {})
    void this.#run()
  }

  /** Behind the last record that was handed out. */
  get positions(): ResumePositions {
    return structuredClone(this.#positions)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<BrowserRecord, void, void> {
    try {
      while (!this.#isClosed) {
        const record = this.#take()
        if (record !== undefined) yield record
        else if (this.#failure !== null) throw this.#failure
        else await new Promise<void>((resolve) => (this.#wake = resolve))
      }
    } finally {
      this.close()
    }
  }

  close(): void {
    this.#isClosed = true
    this.#socket?.close()
    this.#wake()
  }

  #take(): BrowserRecord | undefined {
    const record = this.#waiting[this.#taken]
    if (record === undefined) return undefined
    this.#taken++
    this.#positions[record.topic] ??= {}
    Object.assign(this.#positions[record.topic] ?? {}, { [record.partition]: record.offset + 1 })
    // Credit goes back in halves: a message for each record would cost more than the record.
    if (this.#taken * 2 >= this.#maxWaiting) {
      if (this.#socket?.isClosed === false) this.#socket.send({ type: 'credit', records: this.#taken })
      this.#waiting = this.#waiting.slice(this.#taken)
      this.#taken = 0
    }
    return record
  }

  async #run(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS
    while (!this.#isClosed && this.#failure === null) {
      const lost = Promise.withResolvers<void>()
      try {
        this.#socket = await GatewaySocket.open(this.#url, {
          onMessage: (message) => this.#onMessage(message),
          onClosed: (closing) => {
            if (closing.isOurFault) this.#fail(closing.reason, 'INVALID_REQUEST')
            lost.resolve()
          },
        })
        pauseMs = FIRST_PAUSE_MS
        if (this.#isClosed) return this.#socket.close()
        this.#subscribe(this.#socket)
        this.#options.onConnection?.('connected')
        await lost.promise
        this.#options.onConnection?.('lost')
      } catch {
        // Not there yet: the next attempt finds out.
      }
      if (!this.#isClosed) await waitAbout(pauseMs)
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
    }
  }

  #subscribe(socket: GatewaySocket): void {
    const { from, pattern, topics } = this.#options
    // A topic that matches only now was made since: its beginning is what comes next.
    const start =
      this.#received === null
        ? { topics, pattern, from }
        : { resume: this.#received, pattern, from: 'beginning' }
    this.#waiting = this.#waiting.slice(this.#taken)
    this.#taken = 0
    socket.send({ type: 'subscribe', ...start, credit: Math.max(1, this.#maxWaiting - this.#waiting.length) })
  }

  #onMessage(message: GatewayMessage): void {
    if (message.type === 'subscribed') {
      const topics = message.topics as Record<string, { positions: Record<string, number> }>
      this.#received = Object.fromEntries(
        Object.entries(topics).map(([topic, { positions }]) => [topic, positions]),
      )
      for (const [topic, { positions }] of Object.entries(topics)) {
        this.#positions[topic] ??= { ...positions }
      }
    } else if (message.type === 'records') {
      this.#waiting.push(...(message.records as BrowserRecord[]))
      Object.assign(this.#received?.[String(message.topic)] ?? {}, message.next)
      this.#wake()
    } else if (message.type === 'error') {
      this.#fail(String(message.message), String(message.code))
      this.#socket?.close()
    }
  }

  #fail(reason: string, code: string): void {
    this.#failure = Object.assign(new Error(reason), { code })
    this.#wake()
  }
}
