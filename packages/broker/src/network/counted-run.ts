import type { BrokerServices } from '../broker-services.ts'
import { Applied, type HandlerResult, type NO_RESPONSE, type RequestContext } from '../handlers/handler.ts'
import { countRequest } from '../quotas/request-quotas.ts'
import type { Routed } from './connection.ts'
import type { ReplyBytes } from './exchange-queue.ts'

/** One request whose use is counted. */
export interface CountedRequest<Reply> {
  readonly apiKey: number
  readonly handle: () => HandlerResult<Reply>
  readonly encode: (reply: Reply | typeof NO_RESPONSE) => ReplyBytes
}

/**
 * Runs a request while there are quotas. Whoever used more than its quota is answered at once and told for how long it
 * should wait; the broker takes nothing more from its connection for that time (KIP-219, trap 29).
 */
export function runCounted<Reply>(
  services: BrokerServices,
  context: RequestContext,
  { apiKey, handle, encode }: CountedRequest<Reply>,
): Routed {
  const startedMs = services.clock.monotonicMs()
  const result = handle()
  const handlerMs = services.clock.monotonicMs() - startedMs
  const finish = (reply: Reply | typeof NO_RESPONSE): ReplyBytes => {
    const bytes = encode(reply)
    const use = { apiKey, handlerMs, replyBytes: sizeOf(bytes) }
    const delayMs = Math.max(countRequest(services.quotas, context, use), toldMs(reply))
    if (delayMs === 0) return bytes
    context.connection.mute(delayMs)
    return isThrottled(reply) ? encode(Object.assign({}, reply, { throttleTimeMs: delayMs })) : bytes
  }
  const finishApplied = (applied: Applied<Reply>): Applied<ReplyBytes> =>
    new Applied(applied.reply.then(finish))
  if (result instanceof Applied) return finishApplied(result)
  if (!(result instanceof Promise)) return finish(result)
  return result.then((later) => (later instanceof Applied ? finishApplied(later) : finish(later)))
}

/** What the handler itself told the client to wait. */
function toldMs(reply: unknown): number {
  return isThrottled(reply) ? reply.throttleTimeMs : 0
}

/** Whether the answer has a place to tell it. */
function isThrottled<Reply>(reply: Reply): reply is Reply & { throttleTimeMs: number } {
  return (
    typeof reply === 'object' &&
    reply !== null &&
    'throttleTimeMs' in reply &&
    typeof reply.throttleTimeMs === 'number'
  )
}

function sizeOf(bytes: ReplyBytes): number {
  return bytes === null ? 0 : bytes.reduce((total, { length }) => total + length, 0)
}
