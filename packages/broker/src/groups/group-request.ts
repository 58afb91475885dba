import type { RequestOrigin } from '@millrace/consumer-groups'
import type { BrokerServices } from '../broker-services.ts'
import type { RequestContext } from '../handlers/handler.ts'

/** The topic whose partitions decide who coordinates a group. */
export const OFFSETS_TOPIC = '__consumer_offsets'

/** Who sent a request, in the words of groups. The host has Java's form, which Kafka stores and shows. */
export function requestOrigin({ apiVersion, clientId, connection }: RequestContext): RequestOrigin {
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
