import { channel } from 'node:diagnostics_channel'
import type { TopicPartition } from './consumer/consumer-record.ts'
import type { Stall } from './groups/progress.ts'

/** A connection was opened, could not be, or was lost. `error` is null when it was opened, or closed by us. */
export interface ConnectionEvent {
  readonly kind: 'opened' | 'failed' | 'closed'
  readonly host: string
  readonly port: number
  readonly error: Error | null
}

/** A member of a group got partitions, or has given some up. */
export interface GroupEvent {
  readonly kind: 'assigned' | 'revoked' | 'lost'
  readonly group: string
  readonly memberId: string
  readonly partitions: readonly TopicPartition[]
}

/** A log lost records that had been read already; reading goes on at `offset`, with other records than before. */
export interface LogCutEvent extends TopicPartition {
  readonly offset: number
  readonly readUpTo: number
}

/** A member of a group has not got on for longer than its `stallAfterMs`. */
export interface StallEvent extends Stall {
  readonly group: string
  readonly memberId: string
}

const connections = channel('millrace.client.connection')
const groups = channel('millrace.client.group')
const cuts = channel('millrace.client.log-cut')
const stalls = channel('millrace.client.stall')

/**
 * What happens inside, for whoever subscribes by `node:diagnostics_channel`: `millrace.client.connection`,
 * `millrace.client.group`, `millrace.client.log-cut`, `millrace.client.stall`. Nothing is told for each record,
 * and nothing is made while nobody listens.
 */
export const diagnostics = {
  connection(event: ConnectionEvent): void {
    if (connections.hasSubscribers) connections.publish(event)
  },
  group(event: GroupEvent): void {
    if (groups.hasSubscribers) groups.publish(event)
  },
  logCut(event: LogCutEvent): void {
    if (cuts.hasSubscribers) cuts.publish(event)
  },
  stall(event: StallEvent): void {
    if (stalls.hasSubscribers) stalls.publish(event)
  },
}
