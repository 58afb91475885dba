import type { Api } from '@millrace/protocol'
import { ClientError } from '../client-error.ts'
import type { ClientSettings } from '../client-options.ts'
import { type BrokerAddress, formatAddress } from '../network/network.ts'
import { delay } from '../time/clock.ts'
import { backoffMs } from './backoff.ts'
import { Connection, type RequestOptions } from './connection.ts'

/**
 * One address, kept reachable: connects on first use, again after a loss, and pauses longer after
 * each attempt in a row that failed. Whoever asks during an attempt shares it.
 */
export class BrokerLink {
  readonly address: BrokerAddress
  readonly #settings: ClientSettings
  #connection: Connection | null = null
  #opening: Promise<Connection> | null = null
  #failedAttempts = 0
  #nextAttemptMs = 0
  #isClosed = false

  constructor(settings: ClientSettings, address: BrokerAddress) {
    this.#settings = settings
    this.address = address
  }

  /** The open connection, or null: then `connection()` makes one. */
  get current(): Connection | null {
    return this.#connection?.isOpen ? this.#connection : null
  }

  /** The open connection, or a new one. Rejects with what the attempt failed of. */
  connection(): Promise<Connection> {
    const { current } = this
    if (current !== null) return Promise.resolve(current)
    this.#opening ??= this.#open().finally(() => {
      this.#opening = null
    })
    return this.#opening
  }

  /** Sends one request over the open connection, or over a new one. Never sends it twice. */
  async request<Response, RequestInput>(
    api: Api<unknown, Response, RequestInput>,
    input: RequestInput,
    options: RequestOptions,
  ): Promise<Response> {
    const connection = this.current ?? (await this.connection())
    return connection.request(api, input, options)
  }

  /** Ends the connection and every later attempt. Idempotent. */
  close(): void {
    this.#isClosed = true
    this.#connection?.close()
  }

  async #open(): Promise<Connection> {
    const { clock } = this.#settings
    const pauseMs = this.#nextAttemptMs - clock.monotonicMs()
    if (this.#failedAttempts > 0 && pauseMs > 0) await delay(clock, pauseMs)
    this.#throwIfClosed()
    try {
      const connection = await Connection.open(this.#settings, this.address)
      if (this.#isClosed) connection.close()
      this.#throwIfClosed()
      this.#connection = connection
      this.#failedAttempts = 0
      return connection
    } catch (error) {
      this.#nextAttemptMs = clock.monotonicMs() + backoffMs(this.#failedAttempts, this.#settings, clock)
      this.#failedAttempts++
      throw error
    }
  }

  #throwIfClosed(): void {
    if (this.#isClosed)
      throw new ClientError('CLOSED', `the client of ${formatAddress(this.address)} is closed`)
  }
}
