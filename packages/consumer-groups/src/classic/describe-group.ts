import { ErrorCode } from '@millrace/protocol'
import type { DescribedGroup, ListedGroup } from '../group-event.ts'
import type { ClassicGroup } from './classic-group.ts'
import { metadataFor } from './classic-member.ts'

const NO_BYTES = Buffer.alloc(0)

/** What members say and hold is only told while the group is stable; in a rebalance it is about to change. */
export function describeClassicGroup(group: ClassicGroup): DescribedGroup {
  const isStable = group.state === 'Stable'
  return {
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    groupId: group.groupId,
    groupState: group.state,
    protocolType: group.protocolType ?? '',
    protocolData: isStable ? (group.protocolName ?? '') : '',
    members: [...group.members.values()].map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      memberMetadata: isStable ? metadataFor(member, group.protocolName) : NO_BYTES,
      memberAssignment: isStable ? member.assignment : NO_BYTES,
    })),
  }
}

/** One line of ListGroups. */
export function listClassicGroup(group: ClassicGroup): ListedGroup {
  return {
    groupId: group.groupId,
    protocolType: group.protocolType ?? '',
    groupState: group.state,
    groupType: 'classic',
  }
}
