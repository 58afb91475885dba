import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import { array, int8, int16, int32, nullable, string, withDefault } from '../schema/vocabulary.ts'

const describeUserScramCredentialsResult = {
  user: string,
  errorCode: int16,
  errorMessage: nullable(string),
  credentialInfos: array({ mechanism: int8, iterations: int32 }),
}

const request = {
  users: nullable(array({ name: string })),
}

const response = {
  throttleTimeMs: withDefault(int32, 0),
  errorCode: int16,
  errorMessage: nullable(string),
  results: array(describeUserScramCredentialsResult),
}

/** Lists SCRAM credentials, without secrets (KIP-554). */
export const describeUserScramCredentials = defineApi({
  key: 50,
  name: 'DescribeUserScramCredentials',
  validVersions: [0, 0],
  flexibleSince: 0,
  request,
  response,
})

export type DescribeUserScramCredentialsRequest = Decoded<typeof request>
export type DescribeUserScramCredentialsResponse = Decoded<typeof response>
export type DescribeUserScramCredentialsRequestInput = Input<typeof request>
export type DescribeUserScramCredentialsResponseInput = Input<typeof response>
