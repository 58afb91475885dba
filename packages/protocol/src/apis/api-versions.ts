import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import { array, boolean, int16, int32, int64, since, string, tagged } from '../schema/vocabulary.ts'

const request = {
  clientSoftwareName: since(3, string),
  clientSoftwareVersion: since(3, string),
}

const response = {
  errorCode: int16,
  apiKeys: array({ apiKey: int16, minVersion: int16, maxVersion: int16 }),
  throttleTimeMs: since(1, int32),
  supportedFeatures: tagged(
    { tag: 0, since: 3 },
    array({ name: string, minVersion: int16, maxVersion: int16 }),
  ),
  finalizedFeaturesEpoch: tagged({ tag: 1, since: 3 }, int64, -1),
  finalizedFeatures: tagged(
    { tag: 2, since: 3 },
    array({ name: string, maxVersionLevel: int16, minVersionLevel: int16 }),
  ),
  zkMigrationReady: tagged({ tag: 3, since: 3 }, boolean),
}

/**
 * What a broker speaks; the first thing a client asks. The response header is always v0, in every version, so that a
 * client can read it before it knows anything. v1 throttle time. v3 flexible encoding, the client's name (KIP-511) and
 * feature versions (KIP-584). v4 lists supported features whose minimum is 0, which v3 must leave out (KAFKA-17011).
 */
export const apiVersions = defineApi({
  key: 18,
  name: 'ApiVersions',
  validVersions: [0, 4],
  flexibleSince: 3,
  request,
  response,
})

export type ApiVersionsRequest = Decoded<typeof request>
export type ApiVersionsResponse = Decoded<typeof response>
export type ApiVersionsRequestInput = Input<typeof request>
export type ApiVersionsResponseInput = Input<typeof response>
