import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  type Api,
  allApis,
  consumerProtocolAssignment,
  consumerProtocolSubscription,
} from '../../src/index.ts'
import { flattenShape } from './flat-field.ts'
import { flattenMessage, includesVersion, parseVersions, readKafkaMessage } from './kafka-message.ts'
import { readOldDefinition } from './old-definition.ts'

const DEFINITIONS = join(import.meta.dirname, '../../../../../shared/kafka-protocol')
const isAbsent = !existsSync(join(DEFINITIONS, 'messages'))
if (isAbsent) console.warn(`conformance walk skipped: no Kafka message definitions in ${DEFINITIONS}`)

/** Versions that Kafka 4.3 dropped and old clients still send or look for. */
const KEPT_VERSIONS: Readonly<Record<string, number>> = { Produce: 0, ListOffsets: 0 }
const OLD_DEFINITIONS = [
  { name: 'Produce', file: '00_produce', versions: [0, 1, 2] },
  { name: 'ListOffsets', file: '02_list_offsets', versions: [0] },
] as const

function messageFile(name: string): string {
  return join(DEFINITIONS, 'messages', `${name}.json`)
}

describe.skipIf(isAbsent)("the declarations agree with Kafka's own", () => {
  for (const api of allApis) {
    for (const side of ['request', 'response'] as const) {
      test(`${api.name} ${side}`, () => compareWithKafka(api, side))
    }
  }

  test('the consumer protocol', () => {
    for (const [name, message] of Object.entries({
      ConsumerProtocolSubscription: consumerProtocolSubscription,
      ConsumerProtocolAssignment: consumerProtocolAssignment,
    })) {
      const kafka = readKafkaMessage(messageFile(name))
      expect(message.validVersions).toEqual(parseVersions(kafka.validVersions))
      for (let version = 0; version <= message.validVersions[1]; version++) {
        expect(flattenShape(message.fields, version), `${name} v${version}`).toEqual(
          flattenMessage(kafka, version),
        )
      }
    }
  })
})

function compareWithKafka(api: Api, side: 'request' | 'response'): void {
  const kafka = readKafkaMessage(messageFile(`${api.name}${side === 'request' ? 'Request' : 'Response'}`))
  const [min, max] = parseVersions(kafka.validVersions) ?? []
  const isFlexible = (version: number) => api.flexibleSince !== null && version >= api.flexibleSince
  expect(api.key).toBe(kafka.apiKey)
  expect(api.validVersions).toEqual([KEPT_VERSIONS[api.name] ?? min, max])
  for (let version = min ?? 0; version <= api.validVersions[1]; version++) {
    const ours = flattenShape(api.declaration[side], version)
    expect(ours, `${api.name} ${side} v${version}`).toEqual(flattenMessage(kafka, version))
    expect(isFlexible(version)).toBe(includesVersion(kafka.flexibleVersions, version))
  }
}

describe.skipIf(isAbsent)('versions that Kafka 4.3 dropped agree with older definitions', () => {
  for (const { file, name, versions } of OLD_DEFINITIONS) {
    for (const side of ['request', 'response'] as const) {
      test(`${name} ${side} ${versions.join(', ')}`, () => {
        const api = allApis.find((each) => each.name === name)
        expect(api?.flexibleSince).toBeGreaterThan(Math.max(...versions))
        for (const version of versions) {
          const ours = flattenShape(api?.declaration[side] ?? {}, version).map((field) => ({
            depth: field.path.split('.').length,
            type: field.type.replace('records', 'bytes'),
            isNullable: field.isNullable,
          }))
          const message = `${name}${side === 'request' ? 'Request' : 'Response'}`
          expect(ours).toEqual(readOldDefinition(join(DEFINITIONS, 'definitions', file), message, version))
        }
      })
    }
  }
})
