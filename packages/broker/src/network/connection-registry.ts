import type { Clock, Timer } from '@millrace/log-core'
import { FrameError } from '@millrace/protocol'
import { CloseConnectionError } from '../handlers/handler.ts'
import type { Limits } from '../limits.ts'
import type { Logger } from '../observability.ts'
import { Connection, type ConnectionOwner, type Routed } from './connection.ts'
import type { ListenerInfo } from './connection-info.ts'
import type { ByteStream } from './network.ts'
import type { ReplyBudget } from './reply-budget.ts'

export interface ConnectionRegistryOptions {
  readonly limits: Limits
  readonly maxIdleMs: number
  readonly clock: Clock
  readonly logger: Logger
  readonly replyBudget: ReplyBudget
  /** Runs one request of one connection. */
  readonly route: (frame: Buffer, connection: Connection) => Routed
  /** What was kept for the connection can go. */
  readonly onConnectionClosed: (connection: Connection) => void
  /** An error that is not the peer's. */
  readonly onHandlerError: (error: unknown) => void
}

/** All open connections of a broker: admits, counts, times out, and closes them. */
export class ConnectionRegistry implements ConnectionOwner {
  readonly limits: Limits
  readonly replyBudget: ReplyBudget
  readonly #options: ConnectionRegistryOptions
  readonly #connections = new Set<Connection>()
  readonly #countByAddress = new Map<string, number>()
  #nextId = 1
  #sweepTimer: Timer | null = null
  #whenEmpty: (() => void) | null = null

  constructor(options: ConnectionRegistryOptions) {
    this.#options = options
    this.limits = options.limits
    this.replyBudget = options.replyBudget
    if (options.maxIdleMs >= 0) this.#scheduleSweep()
  }

  /** A new stream of a listener: a connection, unless there are too many. */
  admit(stream: ByteStream, listener: ListenerInfo): void {
    const { remoteAddress } = stream
    const fromAddress = this.#countByAddress.get(remoteAddress) ?? 0
    const isRefused =
      this.#connections.size >= this.limits.maxConnections ||
      fromAddress >= this.limits.maxConnectionsPerAddress
    if (isRefused) {
      this.#options.logger.warn(
        { remoteAddress, open: this.#connections.size },
        'too many connections: one refused',
      )
      stream.destroy()
      return
    }
    const connection = new Connection(this.#nextId++, listener, stream, this)
    this.#connections.add(connection)
    this.#countByAddress.set(remoteAddress, fromAddress + 1)
    connection.open()
  }

  /** The open ones, oldest first. */
  all(): Iterable<Connection> {
    return this.#connections
  }

  get size(): number {
    return this.#connections.size
  }

  /** Answers what was started, then closes; what takes longer than `graceMs` is cut off. */
  async drain(graceMs: number): Promise<void> {
    this.#sweepTimer?.cancel()
    for (const connection of this.#connections) connection.drain()
    if (this.#connections.size > 0) {
      await new Promise<void>((resolve) => {
        this.#whenEmpty = resolve
        this.#options.clock.after(graceMs, resolve)
      })
    }
    for (const connection of [...this.#connections]) connection.close()
  }

  route(frame: Buffer, connection: Connection): Routed {
    return this.#options.route(frame, connection)
  }

  nowMs(): number {
    return this.#options.clock.monotonicMs()
  }

  reportFailure(connection: Connection, error: unknown): void {
    const { id, remoteAddress, remotePort } = connection
    const reason = error instanceof Error ? error.message : String(error)
    const fields = { connection: id, remoteAddress, remotePort, reason }
    if (error instanceof CloseConnectionError || error instanceof FrameError) {
      this.#options.logger.info(fields, 'connection closed: its peer sent what cannot be answered')
    } else {
      this.#options.logger.error(fields, 'connection closed: its request failed')
      this.#options.onHandlerError(error)
    }
  }

  onClosed(connection: Connection): void {
    this.#connections.delete(connection)
    const { remoteAddress } = connection
    const left = (this.#countByAddress.get(remoteAddress) ?? 1) - 1
    if (left > 0) this.#countByAddress.set(remoteAddress, left)
    else this.#countByAddress.delete(remoteAddress)
    this.#options.onConnectionClosed(connection)
    if (this.#connections.size === 0) this.#whenEmpty?.()
  }

  /** One timer for all: a connection may stay idle for up to a sweep longer than allowed, which no client minds. */
  #scheduleSweep(): void {
    const { clock, maxIdleMs } = this.#options
    this.#sweepTimer = clock.after(Math.max(1, Math.min(this.limits.idleSweepMs, maxIdleMs)), () => {
      const idleSinceMs = this.nowMs() - maxIdleMs
      for (const connection of this.#connections) {
        if (connection.lastActiveMs <= idleSinceMs && connection.requestsInFlight === 0) connection.close()
      }
      this.#scheduleSweep()
    })
  }
}
