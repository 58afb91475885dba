import { strict as assert } from 'node:assert'
import { type Api, ByteReader, type Codec, decodeRequestHeader, isFlexible } from '../../src/index.ts'
import type { GoldenMessage } from './golden-file.ts'

const API_VERSIONS_KEY = 18

/** Reads the header in front of a golden message; what is left is the body. */
export function skipHeader(api: Api, golden: GoldenMessage, reader: ByteReader): void {
  if (golden.side === 'request') {
    const header = decodeRequestHeader(reader)
    assert.deepEqual([header.apiKey, header.apiVersion, header.isKnown], [api.key, golden.version, true])
  } else {
    reader.int32()
    if (api.key !== API_VERSIONS_KEY && isFlexible(api, golden.version)) reader.skipTaggedFields()
  }
}

/** The body alone. */
export function goldenBody(api: Api, golden: GoldenMessage): Buffer {
  const reader = new ByteReader(golden.bytes)
  skipHeader(api, golden, reader)
  return golden.bytes.subarray(reader.position)
}

/** A golden value has no static type: it goes through whichever codec its file names. */
export function goldenCodec(api: Api, golden: GoldenMessage): Codec<unknown> {
  return golden.side === 'request'
    ? (api.request(golden.version) as Codec<unknown>)
    : (api.response(golden.version) as Codec<unknown>)
}

/** A decoded message in the form of Kafka's JSON: bytes as base64, records as their size alone. */
export function asKafkaJson(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return value.toString('base64')
  if (Array.isArray(value)) return value.map(asKafkaJson)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) =>
      name === 'records' && each !== null ? ['recordsSizeInBytes', each.length] : [name, asKafkaJson(each)],
    ),
  )
}
