import { apiByKey } from '../apis/all-apis.ts'
import type { Api } from '../schema/define-api.ts'
import type { ByteReader } from '../wire/byte-reader.ts'
import { ByteWriter } from '../wire/byte-writer.ts'
import { patchFrameLength } from './frame-length.ts'

export interface RequestHeader {
  readonly apiKey: number
  readonly apiVersion: number
  readonly correlationId: number
  /** Null when the client gave none, or when the API is unknown. */
  readonly clientId: string | null
  /** Whether this package declares that API in that version; otherwise the reader stands before an opaque body. */
  readonly isKnown: boolean
}

/**
 * The header in front of every request:
 *
 *     apiKey: int16, apiVersion: int16, correlationId: int32
 *     header v1 adds clientId: nullable string with an int16 length, in every encoding
 *     header v2, in flexible versions, adds tagged fields
 *
 * The header's own version follows from the API's (header v0 belonged to ControlledShutdown v0 alone). In
 * an unknown version the tagged fields count as body: nothing behind the client id is looked at.
 */
export function decodeRequestHeader(reader: ByteReader): RequestHeader {
  const apiKey = reader.int16()
  const apiVersion = reader.int16()
  const correlationId = reader.int32()
  const api = apiByKey(apiKey)
  if (api === undefined) return { apiKey, apiVersion, correlationId, clientId: null, isKnown: false }
  const length = reader.stringLength()
  const clientId = length < 0 ? null : reader.utf8(length)
  const isKnown = apiVersion >= api.validVersions[0] && apiVersion <= api.validVersions[1]
  if (isKnown && isFlexible(api, apiVersion)) reader.skipTaggedFields()
  return { apiKey, apiVersion, correlationId, clientId, isKnown }
}

export interface RequestOrigin {
  readonly correlationId: number
  readonly clientId: string | null
}

/** A whole request, its length in front. Large byte fields of `body` go out by reference. */
export function encodeRequest<RequestInput>(
  api: Api<unknown, unknown, RequestInput>,
  version: number,
  origin: RequestOrigin,
  body: RequestInput,
): Buffer[] {
  const writer = new ByteWriter()
  writer.int32(0)
  writer.int16(api.key)
  writer.int16(version)
  writer.int32(origin.correlationId)
  if (origin.clientId === null) writer.int16(-1)
  else writer.string(origin.clientId)
  if (isFlexible(api, version)) writer.unsignedVarint(0)
  api.request(version).encode(writer, body)
  return patchFrameLength(writer)
}

/** Whether requests and responses of that version are in the flexible encoding (KIP-482). */
export function isFlexible(api: Pick<Api, 'flexibleSince'>, version: number): boolean {
  return api.flexibleSince !== null && version >= api.flexibleSince
}
