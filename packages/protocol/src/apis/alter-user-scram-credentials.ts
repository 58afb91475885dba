import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import { array, bytes, int8, int16, int32, nullable, string, withDefault } from '../schema/vocabulary.ts'

const scramCredentialUpsertion = {
  name: string,
  mechanism: int8,
  iterations: int32,
  salt: bytes,
  saltedPassword: bytes,
}

const request = {
  deletions: array({ name: string, mechanism: int8 }),
  upsertions: array(scramCredentialUpsertion),
}

const response = {
  throttleTimeMs: withDefault(int32, 0),
  results: array({ user: string, errorCode: int16, errorMessage: nullable(string) }),
}

/** Sets and removes SCRAM credentials (KIP-554). */
export const alterUserScramCredentials = defineApi({
  key: 51,
  name: 'AlterUserScramCredentials',
  validVersions: [0, 0],
  flexibleSince: 0,
  request,
  response,
})

export type AlterUserScramCredentialsRequest = Decoded<typeof request>
export type AlterUserScramCredentialsResponse = Decoded<typeof response>
export type AlterUserScramCredentialsRequestInput = Input<typeof request>
export type AlterUserScramCredentialsResponseInput = Input<typeof response>
