import type { RequestOrigin } from '@millrace/consumer-groups'
import type { BrokerServices } from '../broker-services.ts'
import { CloseConnectionError, type RequestContext } from '../handlers/handler.ts'

/** The topic whose partitions decide who coordinates a group. */
export const OFFSETS_TOPIC = '__consumer_offsets'

/** What a string of a record, or of an answer that is not flexible, can hold. */
const MAX_TEXT_BYTES = 32_767
/** UTF-8 takes at most this for one UTF-16 code unit. */
const MAX_BYTES_PER_UNIT = 3

/** Who sent a request, in the words of groups. The host has Java's form, which Kafka stores and shows. */
export function requestOrigin({ apiVersion, clientId, connection }: RequestContext): RequestOrigin {
  requireText(clientId)
  return { apiVersion, clientId: clientId ?? '', clientHost: `/${connection.remoteAddress}` }
}

/** The node that coordinates a group: the one that leads the group's partition. */
export function coordinatorOf({ clusterView, groups }: BrokerServices, groupId: string): number {
  return clusterView.leaderOf(OFFSETS_TOPIC, groups.partitionOf(groupId))
}

/** Whether the broker that this request was sent to coordinates the group; another one answers NOT_COORDINATOR. */
export function isCoordinator(services: BrokerServices, context: RequestContext, groupId: string): boolean {
  return coordinatorOf(services, groupId) === context.connection.listener.nodeId
}

/**
 * Closes the connection over names that could neither be stored nor be told back. A name arrives with at most 32,767
 * bytes, so this happens only with bytes that are no UTF-8: each of them becomes a character of three bytes.
 */
export function requireText(...names: readonly (string | null)[]): void {
  for (const name of names) {
    if (name === null || name.length * MAX_BYTES_PER_UNIT <= MAX_TEXT_BYTES) continue
    if (Buffer.byteLength(name) > MAX_TEXT_BYTES) throw new CloseConnectionError('a name that is no UTF-8')
  }
}
