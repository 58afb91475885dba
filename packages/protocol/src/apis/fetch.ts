import { defineApi } from '../schema/define-api.ts'
import { fetchRequestCodec, fetchResponseCodec } from './fetch-codecs.ts'
import { fetchRequest, fetchResponse } from './fetch-messages.ts'

export type { FetchRequest, FetchRequestInput, FetchResponse, FetchResponseInput } from './fetch-messages.ts'

/**
 * Reads record batches. v5 log start offset. v7 fetch sessions (KIP-227). v9 leader epoch of the requester (KIP-320).
 * v10 zstd. v11 reading from followers (KIP-392). v12 flexible encoding and divergence detection. v13 topic ids
 * instead of names (KIP-516). v15 replica state in one field (KIP-903). v16 leader endpoints (KIP-951). v17 directory
 * ids (KIP-853). v18 a follower tells its high watermark (KIP-1166).
 */
export const fetch = defineApi({
  key: 1,
  name: 'Fetch',
  validVersions: [4, 18],
  flexibleSince: 12,
  request: fetchRequest,
  response: fetchResponse,
  handWritten: { request: fetchRequestCodec, response: fetchResponseCodec },
})
