import type { Api } from '../schema/define-api.ts'
import { ByteReader } from '../wire/byte-reader.ts'
import { ByteWriter } from '../wire/byte-writer.ts'
import { WireError } from '../wire/wire-error.ts'
import { patchFrameLength } from './frame-length.ts'
import { isFlexible } from './request-header.ts'

/** ApiVersions answers before the peers know each other's versions, so its header never gained tagged fields. */
const API_VERSIONS_KEY = 18
/** Metadata of 200,000 partitions with three replicas each has a million and a half. */
const MAX_RESPONSE_ELEMENTS = 10_000_000

/**
 * A whole response, its length in front:
 *
 *     length: int32, correlationId: int32
 *     header v1, in flexible versions of every API but ApiVersions, adds tagged fields
 *
 * Large byte fields of `body` go out by reference.
 */
export function encodeResponse<ResponseInput>(
  api: Api<unknown, unknown, never, ResponseInput>,
  version: number,
  correlationId: number,
  body: ResponseInput,
): Buffer[] {
  const writer = new ByteWriter()
  writer.int32(0)
  writer.int32(correlationId)
  if (hasTaggedHeader(api, version)) writer.unsignedVarint(0)
  api.response(version).encode(writer, body)
  return patchFrameLength(writer)
}

export interface DecodedResponse<Response> {
  readonly correlationId: number
  readonly body: Response
}

/** Reads the body of a frame. Byte fields are views of it. Bytes left over are a `WireError` too. */
export function decodeResponse<Response>(
  api: Api<unknown, Response>,
  version: number,
  frame: Buffer,
): DecodedResponse<Response> {
  const reader = new ByteReader(frame, 0, frame.length, MAX_RESPONSE_ELEMENTS)
  const correlationId = reader.int32()
  if (hasTaggedHeader(api, version)) reader.skipTaggedFields()
  const body = api.response(version).decode(reader)
  if (reader.remaining > 0) {
    throw new WireError(`${reader.remaining} bytes too many in ${api.name} response v${version}`)
  }
  return { correlationId, body }
}

function hasTaggedHeader(api: Pick<Api, 'key' | 'flexibleSince'>, version: number): boolean {
  return api.key !== API_VERSIONS_KEY && isFlexible(api, version)
}
