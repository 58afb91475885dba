import type { Clock, Timer } from '@millrace/log-core'
import { FrameError } from '@millrace/protocol'
import { CloseConnectionError } from '../handlers/handler.ts'
import type { Limits } from '../limits.ts'
import type { BrokerMetrics } from '../metrics/broker-metrics.ts'
import type { RequestMetrics } from '../metrics/request-metrics.ts'
import type { Logger } from '../observability.ts'
import { Connection, type ConnectionOwner, type Routed } from './connection.ts'
import type { ListenerInfo } from './connection-info.ts'
import type { Exchange } from './exchange-queue.ts'
import type { ByteStream } from './network.ts'
import { ReceiveBudget } from './receive-budget.ts'
import type { ReplyBudget } from './reply-budget.ts'

const REFUSAL_LOG_MS = 1000

export interface ConnectionRegistryOptions {
  readonly limits: Limits
  readonly maxIdleMs: number
  readonly clock: Clock
  readonly logger: Logger
  readonly replyBudget: ReplyBudget
  readonly metrics: BrokerMetrics
  /** Runs one request of one connection. */
  readonly route: (frame: Buffer, connection: Connection, exchange: Exchange) => Routed
  /** What was kept for the connection can go. */
  readonly onConnectionClosed: (connection: Connection) => void
  /** An error that is not the peer's. */
  readonly onHandlerError: (error: unknown) => void
}

/** All open connections of a broker: admits, counts, times out, and closes them. */
export class ConnectionRegistry implements ConnectionOwner {
  readonly limits: Limits
  readonly replyBudget: ReplyBudget
  readonly receiveBudget: ReceiveBudget
  readonly requestMetrics: RequestMetrics
  readonly #options: ConnectionRegistryOptions
  readonly #connections = new Set<Connection>()
  readonly #countByAddress = new Map<string, number>()
  #nextId = 1
  #sweepTimer: Timer | null = null
  #whenEmpty: (() => void) | null = null
  #refusedCount = 0
  #refusalToldMs = Number.NEGATIVE_INFINITY

  constructor(options: ConnectionRegistryOptions) {
    this.#options = options
    this.limits = options.limits
    this.replyBudget = options.replyBudget
    this.requestMetrics = options.metrics.requests
    this.receiveBudget = new ReceiveBudget(options.limits)
    this.#scheduleSweep()
  }

  /** A new stream of a listener: a connection, unless there are too many. */
  admit(stream: ByteStream, listener: ListenerInfo): void {
    const { remoteAddress } = stream
    const fromAddress = this.#countByAddress.get(remoteAddress) ?? 0
    const isRefused =
      this.#connections.size >= this.limits.maxConnections || fromAddress >= this.#limitOf(remoteAddress)
    if (isRefused) {
      this.#reportRefusal(remoteAddress)
      stream.destroy()
      return
    }
    const connection = new Connection(this.#nextId++, listener, stream, this)
    this.#connections.add(connection)
    this.#options.metrics.connectionsOpened.add(1)
    this.#countByAddress.set(remoteAddress, fromAddress + 1)
    connection.open()
  }

  #limitOf(remoteAddress: string): number {
    const { connectionLimitOf, maxConnectionsPerAddress } = this.limits
    return connectionLimitOf.get(remoteAddress) ?? maxConnectionsPerAddress
  }

  /** At most a line a second: whoever floods a broker with connections must not flood its log as well. */
  #reportRefusal(remoteAddress: string): void {
    this.#refusedCount++
    this.#options.metrics.connectionsRefused.add(1)
    if (this.nowMs() - this.#refusalToldMs < REFUSAL_LOG_MS) return
    const fields = { remoteAddress, open: this.#connections.size, refused: this.#refusedCount }
    this.#options.logger.warn(fields, 'too many connections: refused')
    this.#refusalToldMs = this.nowMs()
    this.#refusedCount = 0
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

  route(frame: Buffer, connection: Connection, exchange: Exchange): Routed {
    return this.#options.route(frame, connection, exchange)
  }

  after(delayMs: number, run: () => void): void {
    this.#options.clock.after(delayMs, run)
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
    this.#options.metrics.connectionsClosed.add(1)
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
    const { idleSweepMs } = this.limits
    const periodMs = maxIdleMs < 0 ? idleSweepMs : Math.max(1, Math.min(idleSweepMs, maxIdleMs))
    this.#sweepTimer = clock.after(periodMs, () => {
      if (maxIdleMs >= 0) this.#closeIdle(this.nowMs() - maxIdleMs)
      this.#closeStalledSender(this.nowMs() - this.limits.maxStallMs)
      this.#closeStalledReaders(this.nowMs() - this.limits.maxStallMs)
      this.#scheduleSweep()
    })
  }

  #closeIdle(idleSinceMs: number): void {
    for (const connection of this.#connections) {
      if (connection.lastActiveMs <= idleSinceMs && connection.requestsInFlight === 0) connection.close()
    }
  }

  /** A peer that announced a large frame and stopped sending must not hold up all others that send one. */
  #closeStalledSender(stalledSinceMs: number): void {
    const { first } = this.receiveBudget
    if (!this.receiveBudget.isContended || !(first instanceof Connection)) return
    if (first.lastActiveMs <= stalledSinceMs) this.#closeStalled(first)
  }

  /** While too much is held for peers that do not take it, those that took nothing for a while have to go, the oldest first. */
  #closeStalledReaders(stalledSinceMs: number): void {
    for (const connection of this.#connections) {
      if (!this.replyBudget.isExceeded) return
      if (connection.unsentBytes > 0 && connection.lastProgressMs() <= stalledSinceMs)
        this.#closeStalled(connection)
    }
  }

  #closeStalled(connection: Connection): void {
    const { id, remoteAddress, unsentBytes } = connection
    const fields = { connection: id, remoteAddress, unsentBytes }
    this.#options.logger.warn(fields, 'connection closed: it stalled while memory was short')
    connection.close()
  }
}
