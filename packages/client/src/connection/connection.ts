import { strict as assert } from 'node:assert'
import {
  type Api,
  apiVersions,
  decodeResponse,
  ErrorCode,
  encodeRequest,
  FrameSplitter,
} from '@millrace/protocol'
import { ClientError } from '../client-error.ts'
import { LIMITS } from '../client-limits.ts'
import type { ClientSettings } from '../client-options.ts'
import { diagnostics } from '../diagnostics.ts'
import {
  type BrokerAddress,
  type ByteStream,
  type ByteStreamOwner,
  formatAddress,
} from '../network/network.ts'
import { delay, type Timer } from '../time/clock.ts'
import { connectFailure, connectionLost, invalidResponse } from './connection-failure.ts'
import { type Ask, authenticate, negotiateVersions } from './handshake.ts'
import { VersionRanges } from './version-ranges.ts'

/** A broker that wants to be left alone for longer than this is not believed. */
const LONGEST_THROTTLE_MS = 60_000
/** The part of a session's life after which it is renewed: early enough for a slow answer. */
const RENEW_AFTER = 0.85
const MAX_CORRELATION_ID = 2 ** 31 - 1

/** How one request differs from the others. */
export interface RequestOptions {
  readonly timeoutMs: number
  /** The highest version of which the caller can make use. */
  readonly capVersion?: number
  /** The lowest version that means what the caller asks. */
  readonly minVersion?: number
}

interface PendingRequest {
  readonly api: Api<unknown, unknown>
  readonly version: number
  readonly correlationId: number
  readonly deadlineMs: number
  readonly timeoutMs: number
  readonly resolve: (body: unknown) => void
  readonly reject: (error: Error) => void
}

/**
 * One connection to a broker. Requests are pipelined; a broker answers in the order of the
 * requests, so an answer that is not for the oldest one means that the stream cannot be trusted
 * any more: the connection ends, and every request that still waits fails with a typed error. The
 * same holds for a frame or a body that cannot be decoded, and for an answer that comes too late.
 */
export class Connection implements ByteStreamOwner {
  readonly address: BrokerAddress
  readonly #settings: ClientSettings
  readonly #splitter: FrameSplitter
  readonly #pending: PendingRequest[] = []
  #stream: ByteStream | null = null
  #versions = new VersionRanges([])
  #nextCorrelationId = 0
  #answerCount = 0
  /** While it is not null, requests wait for it. */
  #hold: Promise<void> | null = null
  #failure: ClientError | null = null
  #timer: Timer | null = null
  #timerAtMs = Number.POSITIVE_INFINITY
  #onDrained: (() => void)[] = []

  private constructor(settings: ClientSettings, address: BrokerAddress) {
    this.address = address
    this.#settings = settings
    this.#splitter = new FrameSplitter({ maxFrameBytes: settings.maxResponseBytes })
  }

  /** Connects and asks for the versions. Rejects with CONNECTION_FAILED or what the answer was worth. */
  static async open(settings: ClientSettings, address: BrokerAddress): Promise<Connection> {
    const connection = new Connection(settings, address)
    try {
      connection.#stream = await settings.network.connect(address, connection, settings.connectTimeoutMs)
    } catch (error) {
      const failure = connectFailure(settings, address, error)
      settings.counters.connectionsFailed++
      diagnostics.connection({ kind: 'failed', ...address, error: failure })
      throw failure
    }
    try {
      connection.#versions = await negotiateVersions(connection.#ask)
      await connection.#authenticate()
      settings.counters.connectionsOpened++
      diagnostics.connection({ kind: 'opened', ...address, error: null })
    } catch (error) {
      connection.close()
      throw error
    }
    return connection
  }

  get isOpen(): boolean {
    return this.#failure === null
  }

  get versions(): VersionRanges {
    return this.#versions
  }

  get pendingCount(): number {
    return this.#pending.length
  }

  /** Sends one request; resolves to its decoded answer. Buffers inside the input must not change any more. */
  request<Response, RequestInput>(
    api: Api<unknown, Response, RequestInput>,
    input: RequestInput,
    options: RequestOptions,
  ): Promise<Response> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    if (this.#hold !== null) return this.#hold.then(() => this.request(api, input, options))
    if (this.#pending.length >= LIMITS.maxPendingRequests) {
      const message = `${formatAddress(this.address)}: ${this.#pending.length} requests wait for an answer`
      return Promise.reject(new ClientError('BUFFER_FULL', message))
    }
    let version: number
    try {
      version = this.#versions.choose(api, options.capVersion, options.minVersion)
    } catch (error) {
      return Promise.reject(error)
    }
    return this.#send(api, version, input, options.timeoutMs)
  }

  /**
   * Sends a request to which the broker gives no answer (Produce with acks=0). Resolves once the
   * bytes are with the system, which keeps a fast producer from filling the memory.
   */
  async requestWithoutAnswer<Response, RequestInput>(
    api: Api<unknown, Response, RequestInput>,
    input: RequestInput,
    options: RequestOptions,
  ): Promise<void> {
    while (this.#hold !== null) await this.#hold
    this.#throwIfFailed()
    const version = this.#versions.choose(api, options.capVersion)
    if (this.#write(api, version, this.#takeCorrelationId(), input)) return
    await new Promise<void>((resolve) => this.#onDrained.push(resolve))
    this.#throwIfFailed()
  }

  /** Ends the connection; what still waits fails with CLOSED. Idempotent. */
  close(): void {
    this.#fail(new ClientError('CLOSED', `the connection to ${formatAddress(this.address)} was closed`))
  }

  onData(chunk: Buffer): void {
    if (this.#failure !== null) return
    this.#settings.counters.bytesReceived += chunk.length
    try {
      this.#splitter.push(chunk)
      for (let frame = this.#splitter.next(); frame !== null; frame = this.#splitter.next()) {
        this.#handleFrame(frame)
        if (this.#failure !== null) return
      }
    } catch (error) {
      this.#fail(invalidResponse(this.address, this.#answerCount === 0 ? chunk : null, error))
    }
  }

  onDrain(): void {
    const waiting = this.#onDrained
    this.#onDrained = []
    for (const resolve of waiting) resolve()
  }

  onClose(error: Error | null): void {
    const { tls, sasl } = this.#settings
    const soFar = { answerCount: this.#answerCount, hasTls: tls, hasSasl: sasl !== null }
    this.#fail(connectionLost(this.address, error, soFar))
  }

  #send<Response, RequestInput>(
    api: Api<unknown, Response, RequestInput>,
    version: number,
    input: RequestInput,
    timeoutMs: number,
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      const correlationId = this.#takeCorrelationId()
      // Encoding comes first: if the input cannot be encoded, nothing was sent and nobody waits.
      this.#write(api, version, correlationId, input)
      const deadlineMs = this.#settings.clock.monotonicMs() + timeoutMs
      // The pending list holds requests of all APIs: each answer is decoded by the api it is stored with.
      const settle = resolve as (body: unknown) => void
      this.#pending.push({ api, version, correlationId, deadlineMs, timeoutMs, resolve: settle, reject })
      this.#armTimer(deadlineMs)
    })
  }

  #write<Response, RequestInput>(
    api: Api<unknown, Response, RequestInput>,
    version: number,
    correlationId: number,
    input: RequestInput,
  ): boolean {
    assert(this.#stream !== null, 'a request before the connection is open')
    const header = { correlationId, clientId: this.#settings.clientId }
    const buffers = encodeRequest(api, version, header, input)
    const { counters } = this.#settings
    counters.requests++
    for (const { length } of buffers) counters.bytesSent += length
    return this.#stream.write(buffers)
  }

  #takeCorrelationId(): number {
    const correlationId = this.#nextCorrelationId
    this.#nextCorrelationId = correlationId === MAX_CORRELATION_ID ? 0 : correlationId + 1
    return correlationId
  }

  #handleFrame(frame: Buffer): void {
    const oldest = this.#pending[0]
    if (frame.length < 4) throw new RangeError(`an answer of ${frame.length} bytes`)
    const correlationId = frame.readInt32BE(0)
    if (oldest === undefined) throw new RangeError(`answer ${correlationId}, but no request waits`)
    if (correlationId !== oldest.correlationId) {
      throw new RangeError(`answer ${correlationId}, but the oldest request is ${oldest.correlationId}`)
    }
    const body = decodeAnswer(oldest, frame)
    this.#pending.shift()
    this.#answerCount++
    this.#heedThrottle(body)
    oldest.resolve(body)
  }

  /** Requests of the set-up and of a new authentication: they pass by whatever holds the others back. */
  readonly #ask: Ask = (api, version, input) =>
    this.#send(api, version, input, this.#settings.connectTimeoutMs)

  /** Says who we are, and again before the session ends (KIP-368). */
  async #authenticate(): Promise<void> {
    const { sasl, clock } = this.#settings
    if (sasl === null) return
    const lifetimeMs = await authenticate(this.#ask, this.#versions, sasl)
    if (lifetimeMs <= 0) return
    const renew = (): void => {
      if (this.#failure !== null) return
      this.#holdBack(
        this.#authenticate().catch((error: unknown) => {
          const reason = error instanceof Error ? error.message : String(error)
          const message = `${formatAddress(this.address)} did not renew the session: ${reason}`
          this.#fail(new ClientError('CONNECTION_LOST', message, { cause: error }))
        }),
      )
    }
    clock.after(lifetimeMs * RENEW_AFTER, renew, 'background')
  }

  /** New requests wait until this is done, and then leave in the order of their calls. */
  #holdBack(until: Promise<unknown>): void {
    const hold = Promise.all([this.#hold, until]).then(() => {
      if (this.#hold === hold) this.#hold = null
    })
    this.#hold = hold
  }

  /** A broker that throttles us has answered already, and wants a pause before the next request (KIP-219). */
  #heedThrottle(body: unknown): void {
    if (typeof body !== 'object' || body === null || !('throttleTimeMs' in body)) return
    const { throttleTimeMs } = body
    if (typeof throttleTimeMs !== 'number' || throttleTimeMs <= 0) return
    const pauseMs = Math.min(throttleTimeMs, LONGEST_THROTTLE_MS)
    this.#settings.counters.throttledMs += pauseMs
    this.#holdBack(delay(this.#settings.clock, pauseMs))
  }

  /**
   * One timer for all requests: it looks for one that is overdue, and sleeps until the next
   * deadline. It is a background timer, since the open socket keeps the process alive already.
   */
  #armTimer(deadlineMs: number): void {
    if (deadlineMs >= this.#timerAtMs) return
    const { clock } = this.#settings
    this.#timer?.cancel()
    this.#timerAtMs = deadlineMs
    const run = (): void => this.#failOverdue(clock.monotonicMs())
    this.#timer = clock.after(Math.max(1, deadlineMs - clock.monotonicMs()), run, 'background')
  }

  #failOverdue(nowMs: number): void {
    this.#timerAtMs = Number.POSITIVE_INFINITY
    const overdue = this.#pending.find(({ deadlineMs }) => deadlineMs <= nowMs)
    if (overdue === undefined) {
      this.#armTimer(this.#pending.reduce((least, { deadlineMs }) => Math.min(least, deadlineMs), Infinity))
    } else {
      this.#fail(timedOut(this.address, overdue))
    }
  }

  #fail(failure: ClientError): void {
    if (this.#failure !== null) return
    this.#failure = failure
    const error = failure.code === 'CLOSED' ? null : failure
    if (error !== null) this.#settings.counters.connectionsLost++
    diagnostics.connection({ kind: 'closed', host: this.address.host, port: this.address.port, error })
    this.#timer?.cancel()
    this.#stream?.close()
    for (const request of this.#pending.splice(0)) request.reject(failure)
    this.onDrain()
  }

  #throwIfFailed(): void {
    if (this.#failure !== null) throw this.#failure
  }
}

function decodeAnswer({ api, version }: PendingRequest, frame: Buffer): unknown {
  const isOldVersionAnswer =
    api.key === apiVersions.key && frame.length >= 6 && frame.readInt16BE(4) === ErrorCode.UNSUPPORTED_VERSION
  return decodeResponse(api, isOldVersionAnswer ? 0 : version, frame).body
}

function timedOut(address: BrokerAddress, { api, timeoutMs }: PendingRequest): ClientError {
  const message = `${formatAddress(address)} did not answer ${api.name} within ${timeoutMs} ms`
  return new ClientError('REQUEST_TIMED_OUT', message)
}
