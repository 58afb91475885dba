import type { BrokerState } from '../gateway-services.ts'
import type { Handler } from './handler.ts'

/** Why the broker is not ready, by what is wrong; empty when it is. */
export interface Readiness {
  readonly status: 'ready' | 'not ready'
  readonly reasons: readonly string[]
}

/** How many partitions are named before the rest is only counted. */
const MAX_REASONS = 10

/** GET /healthz: the process answers. Whoever restarts what is dead asks here. */
export const handleHealthz: Handler = (_services, exchange) => {
  exchange.json(200, { status: 'alive' }, { 'cache-control': 'no-store' })
}

/** GET /readyz: the broker serves every partition, or why it does not. */
export const handleReadyz: Handler = (services, exchange) => {
  const readiness = readinessOf(services.state)
  exchange.json(readiness.status === 'ready' ? 200 : 503, readiness, { 'cache-control': 'no-store' })
}

/** Judges how the broker does. */
export function readinessOf(state: BrokerState): Readiness {
  if (state.kind === 'loading')
    return { status: 'not ready', reasons: ['the broker is loading what it keeps'] }
  if (state.kind === 'ended') return { status: 'not ready', reasons: [state.reason] }
  const failed = state.broker.snapshot().partitions.filter(({ failure }) => failure !== null)
  const reasons = failed
    .slice(0, MAX_REASONS)
    .map(
      ({ topic, partition, failure }) => `${topic}/${partition} can be neither read nor written: ${failure}`,
    )
  if (failed.length > MAX_REASONS) reasons.push(`${failed.length - MAX_REASONS} more partitions`)
  return { status: failed.length === 0 ? 'ready' : 'not ready', reasons }
}
