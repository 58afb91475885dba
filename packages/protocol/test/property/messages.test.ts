import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Api,
  allApis,
  ByteReader,
  ByteWriter,
  type Codec,
  isFlexible,
  WireError,
} from '../../src/index.ts'
import { arbitraryMessage, buffers } from './arbitrary-message.ts'

const RUNS_PER_VERSION = 12

describe.each(allApis.map((api) => [api.name, api] as const))('%s', (_, api) => {
  test('gives back every value in every version', () => {
    forEachMessage(api, (side, version) => {
      const codec = codecOf(api, side, version)
      const encoding = { version, isFlexible: isFlexible(api, version) }
      const check = fc.property(arbitraryMessage(api.declaration[side], encoding), (value) => {
        const writer = new ByteWriter()
        codec.encode(writer, value)
        const sizeBytes = writer.sizeBytes
        const bytes = Buffer.concat(writer.finish())
        const reader = new ByteReader(bytes)
        expect(codec.decode(reader), `${side} v${version}`).toEqual(value)
        expect(reader.remaining).toBe(0)
        expect(sizeBytes).toBe(bytes.length)
      })
      fc.assert(check, { numRuns: RUNS_PER_VERSION })
    })
  })

  test('takes arbitrary bytes for a message or refuses them with a WireError', () => {
    forEachMessage(api, (side, version) => {
      const codec = codecOf(api, side, version)
      const check = fc.property(buffers({ maxLength: 200 }), (bytes) => {
        try {
          codec.decode(new ByteReader(bytes))
        } catch (error) {
          expect(error).toBeInstanceOf(WireError)
        }
      })
      fc.assert(check, { numRuns: RUNS_PER_VERSION })
    })
  })
})

type Side = 'request' | 'response'

function forEachMessage(api: Api, check: (side: Side, version: number) => void): void {
  for (let version = api.validVersions[0]; version <= api.validVersions[1]; version++) {
    check('request', version)
    check('response', version)
  }
}

function codecOf(api: Api, side: Side, version: number): Codec<unknown> {
  return (side === 'request' ? api.request(version) : api.response(version)) as Codec<unknown>
}
