import type { PartitionSnapshot } from '@millrace/broker'
import type { BrokerState } from '../gateway-services.ts'
import type { Handler } from './handler.ts'

/** Whether the broker serves every partition, and if not, a sentence for each thing that is wrong. */
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
  const faults = state.broker
    .snapshot()
    .partitions.map(faultOf)
    .filter((fault) => fault !== null)
  const reasons = faults.slice(0, MAX_REASONS)
  if (faults.length > MAX_REASONS) reasons.push(`${faults.length - MAX_REASONS} more partitions`)
  return { status: faults.length === 0 ? 'ready' : 'not ready', reasons }
}

function faultOf({ failure, isDiskFull, partition, topic }: PartitionSnapshot): string | null {
  if (failure !== null) return `${topic}/${partition} can be neither read nor written: ${failure}`
  return isDiskFull ? `${topic}/${partition} can only be read: the disk is full` : null
}
