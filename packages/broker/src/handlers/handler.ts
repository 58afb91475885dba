import type { BrokerServices } from '../broker-services.ts'
import type { ConnectionInfo } from '../network/connection-info.ts'

/** What a handler knows of the request beside its body. */
export interface RequestContext {
  readonly apiVersion: number
  /** As the client calls itself; null when it sent none. */
  readonly clientId: string | null
  readonly connection: ConnectionInfo
  /** On the clock's monotonic time. */
  readonly receivedAtMs: number
  /** Bytes of the request's frame. */
  readonly sizeBytes: number
  /** Runs `run` once the answer has left and nothing reads its bytes any more; never, when the connection fails before. */
  whenSent(run: () => void): void
  /** Whether nobody can receive the answer any more: waiting on its behalf is pointless. */
  isClosed(): boolean
}

/** A request that gets no answer at all: Produce with acks=0 (trap 4). */
export const NO_RESPONSE = Symbol('no response')

/**
 * An answer that is still to come for a request whose effect is already in place, so that the next
 * request of the same connection may start before the answer leaves. This is how pipelined produce
 * requests are applied in order and still share one sync.
 */
export class Applied<Reply> {
  readonly reply: Promise<Reply | typeof NO_RESPONSE>

  constructor(reply: Promise<Reply | typeof NO_RESPONSE>) {
    this.reply = reply
  }
}

/**
 * Thrown by a handler that cannot answer in the protocol's terms (an error under acks=0, bytes that
 * are no request): the connection is closed, and only that one.
 */
export class CloseConnectionError extends Error {
  override readonly name = 'CloseConnectionError'
}

/** What a handler may return, now or later. A plain promise holds back the connection's next request. */
export type HandlerResult<Reply> =
  | Reply
  | typeof NO_RESPONSE
  | Applied<Reply>
  | Promise<Reply | typeof NO_RESPONSE | Applied<Reply>>

/**
 * One API: validate, call one thing, shape the answer. Failures of single topics or partitions are
 * values in the answer. What is thrown ends the connection; an AssertionError ends the broker.
 */
export type Handler<Request, Reply> = (
  services: BrokerServices,
  context: RequestContext,
  request: Request,
) => HandlerResult<Reply>
