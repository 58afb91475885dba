import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import { bytes, int16, int64, nullable, since, string } from '../schema/vocabulary.ts'

const request = {
  authBytes: bytes,
}

const response = {
  errorCode: int16,
  errorMessage: nullable(string),
  authBytes: bytes,
  sessionLifetimeMs: since(1, int64),
}

/** One step of a SASL exchange. v1 how long the session lasts (KIP-368). v2 flexible encoding. */
export const saslAuthenticate = defineApi({
  key: 36,
  name: 'SaslAuthenticate',
  validVersions: [0, 2],
  flexibleSince: 2,
  request,
  response,
})

export type SaslAuthenticateRequest = Decoded<typeof request>
export type SaslAuthenticateResponse = Decoded<typeof response>
export type SaslAuthenticateRequestInput = Input<typeof request>
export type SaslAuthenticateResponseInput = Input<typeof response>
