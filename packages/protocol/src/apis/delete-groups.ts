import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import { array, int16, int32, string, withDefault } from '../schema/vocabulary.ts'

const request = {
  groupsNames: array(string),
}

const response = {
  throttleTimeMs: withDefault(int32, 0),
  results: array({ groupId: string, errorCode: int16 }),
}

/** Deletes groups and their offsets. v2 flexible encoding. */
export const deleteGroups = defineApi({
  key: 42,
  name: 'DeleteGroups',
  validVersions: [0, 2],
  flexibleSince: 2,
  request,
  response,
})

export type DeleteGroupsRequest = Decoded<typeof request>
export type DeleteGroupsResponse = Decoded<typeof response>
export type DeleteGroupsRequestInput = Input<typeof request>
export type DeleteGroupsResponseInput = Input<typeof response>
