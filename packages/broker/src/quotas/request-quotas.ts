import { fetch, produce } from '@millrace/protocol'
import type { RequestContext } from '../handlers/handler.ts'
import type { ClientQuotas, QuotaUser } from './client-quotas.ts'

/** Nobody logs in yet: Kafka's name for that. */
const ANONYMOUS = 'ANONYMOUS'

/** Whom the request's use is counted for. */
export function quotaUser({ clientId }: RequestContext): QuotaUser {
  return { user: ANONYMOUS, clientId: clientId ?? '' }
}

/** What one request has used so far. */
export interface RequestUse {
  readonly apiKey: number
  /** On the loop, in ms. */
  readonly handlerMs: number
  /** Of its answer; 0 when it has none. */
  readonly replyBytes: number
}

/** Counts a request. Returns for how long its connection is to be held up, in ms (KIP-219). */
export function countRequest(quotas: ClientQuotas, context: RequestContext, use: RequestUse): number {
  const user = quotaUser(context)
  // Percent of one core: the loop is all there is.
  const forTime = quotas.record('request_percentage', user, use.handlerMs / 10)
  switch (use.apiKey) {
    case produce.key:
      return Math.max(forTime, quotas.record('producer_byte_rate', user, context.sizeBytes))
    case fetch.key:
      return Math.max(forTime, quotas.record('consumer_byte_rate', user, use.replyBytes))
    default:
      return forTime
  }
}
