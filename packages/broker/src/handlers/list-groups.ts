import type { ListGroupsRequest, ListGroupsResponseInput } from '@millrace/protocol'
import { OFFSETS_TOPIC } from '../groups/group-request.ts'
import type { Handler } from './handler.ts'

/** Every group that the asked broker coordinates, filtered by state (version 4) and type (version 5). */
export const handleListGroups: Handler<ListGroupsRequest, ListGroupsResponseInput> = (
  { clusterView, groups },
  { connection },
  { statesFilter, typesFilter },
) =>
  groups.listGroups({
    states: statesFilter,
    types: typesFilter,
    isOwned: (partition) => clusterView.isLeader(connection.listener.nodeId, OFFSETS_TOPIC, partition),
  })
