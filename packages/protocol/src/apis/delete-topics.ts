import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import {
  array,
  int16,
  int32,
  nullable,
  since,
  string,
  until,
  uuid,
  withDefault,
} from '../schema/vocabulary.ts'

const request = {
  topics: since(6, array({ name: withDefault(nullable(string), null), topicId: since(6, uuid) })),
  topicNames: until(5, array(string)),
  timeoutMs: int32,
}

const response = {
  throttleTimeMs: withDefault(int32, 0),
  responses: array({
    name: nullable(string, 6),
    topicId: since(6, uuid),
    errorCode: int16,
    errorMessage: since(5, nullable(string), null),
  }),
}

/** Deletes topics. v4 flexible encoding. v5 error messages (KIP-599). v6 by name or topic id (KIP-516). */
export const deleteTopics = defineApi({
  key: 20,
  name: 'DeleteTopics',
  validVersions: [1, 6],
  flexibleSince: 4,
  request,
  response,
})

export type DeleteTopicsRequest = Decoded<typeof request>
export type DeleteTopicsResponse = Decoded<typeof response>
export type DeleteTopicsRequestInput = Input<typeof request>
export type DeleteTopicsResponseInput = Input<typeof response>
