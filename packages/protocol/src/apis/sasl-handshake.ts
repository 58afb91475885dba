import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import { array, int16, string } from '../schema/vocabulary.ts'

const request = {
  mechanism: string,
}

const response = {
  errorCode: int16,
  mechanisms: array(string),
}

/** Chooses a SASL mechanism. After v0 raw tokens follow, after v1 SaslAuthenticate (KIP-152). Never flexible: KAFKA-9577. */
export const saslHandshake = defineApi({
  key: 17,
  name: 'SaslHandshake',
  validVersions: [0, 1],
  flexibleSince: null,
  request,
  response,
})

export type SaslHandshakeRequest = Decoded<typeof request>
export type SaslHandshakeResponse = Decoded<typeof response>
export type SaslHandshakeRequestInput = Input<typeof request>
export type SaslHandshakeResponseInput = Input<typeof response>
