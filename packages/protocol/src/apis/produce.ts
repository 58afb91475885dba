import { defineApi } from '../schema/define-api.ts'
import { produceRequestCodec, produceResponseCodec } from './produce-codecs.ts'
import { produceRequest, produceResponse } from './produce-messages.ts'

export type {
  ProduceRequest,
  ProduceRequestInput,
  ProduceResponse,
  ProduceResponseInput,
} from './produce-messages.ts'

/**
 * Appends record batches. v0-2 carried message formats older than batch v2; they are declared because librdkafka
 * up to 2.11.0 looks for them in ApiVersions (KAFKA-18659), and nothing implements them. v3 adds the transactional
 * id and batch format v2. v5 log start offset. v7 zstd. v8 reports single bad records (KIP-467). v9 flexible encoding.
 * v10 tells the current leader (KIP-951). v11 TRANSACTION_ABORTABLE. v12 adds partitions to a transaction implicitly
 * (KIP-890). v13 topic ids instead of names (KIP-516).
 */
export const produce = defineApi({
  key: 0,
  name: 'Produce',
  validVersions: [0, 13],
  flexibleSince: 9,
  request: produceRequest,
  response: produceResponse,
  handWritten: { request: produceRequestCodec, response: produceResponseCodec },
})
