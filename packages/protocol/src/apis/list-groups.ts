import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import { array, int16, int32, since, string } from '../schema/vocabulary.ts'

const request = {
  statesFilter: since(4, array(string)),
  typesFilter: since(5, array(string)),
}

const response = {
  throttleTimeMs: since(1, int32),
  errorCode: int16,
  groups: array({
    groupId: string,
    protocolType: string,
    groupState: since(4, string),
    groupType: since(5, string),
  }),
}

/** Lists the groups of a broker. v1 throttle time. v3 flexible encoding. v4 filter by state (KIP-518). v5 by type (KIP-848). */
export const listGroups = defineApi({
  key: 16,
  name: 'ListGroups',
  validVersions: [0, 5],
  flexibleSince: 3,
  request,
  response,
})

export type ListGroupsRequest = Decoded<typeof request>
export type ListGroupsResponse = Decoded<typeof response>
export type ListGroupsRequestInput = Input<typeof request>
export type ListGroupsResponseInput = Input<typeof response>
