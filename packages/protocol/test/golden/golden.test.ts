import { describe, expect, test } from 'vitest'
import {
  type Api,
  allApis,
  ByteReader,
  ByteWriter,
  consumerProtocolAssignment,
  consumerProtocolSubscription,
  decodeRequestHeader,
} from '../../src/index.ts'
import { asKafkaJson, goldenBody, goldenCodec } from './golden-body.ts'
import { apiOfFile, type GoldenMessage, KAFKA_FILES, KMSG_FILES, readGolden } from './golden-file.ts'

const CONSUMER_PROTOCOL = 'kafka/ConsumerProtocol.txt'
const apiFiles = [...KAFKA_FILES.filter((file) => file !== CONSUMER_PROTOCOL), ...KMSG_FILES]

describe.each(apiFiles)('%s', (file) => {
  const api = apiOfFile(file)
  const messages = readGolden(file)

  test('decodes to the values that went in', () => {
    for (const golden of messages) {
      const reader = new ByteReader(goldenBody(api, golden))
      const decoded = goldenCodec(api, golden).decode(reader)
      expect(reader.remaining, golden.name).toBe(0)
      if (golden.expected !== null) expect(asKafkaJson(decoded), golden.name).toMatchObject(golden.expected)
    }
  })

  test('encodes to the same bytes', () => {
    for (const golden of messages) {
      const body = goldenBody(api, golden)
      const codec = goldenCodec(api, golden)
      const writer = new ByteWriter()
      codec.encode(writer, codec.decode(new ByteReader(body)))
      const expected = golden.variant === 'unknown' ? bodyWithoutUnknown(api, golden, messages) : body
      expect(Buffer.concat(writer.finish()).toString('hex'), golden.name).toBe(expected.toString('hex'))
    }
  })
})

/** Unknown tagged fields are dropped, which leaves the bytes of the same message without them. */
function bodyWithoutUnknown(api: Api, golden: GoldenMessage, messages: readonly GoldenMessage[]): Buffer {
  const twin = messages.find(
    ({ side, version, variant }) => side === golden.side && version === golden.version && variant === 'full',
  )
  return twin === undefined ? Buffer.alloc(0) : goldenBody(api, twin)
}

test('every declared version has golden bytes', () => {
  const covered = new Set<string>()
  for (const file of apiFiles) {
    for (const { side, version } of readGolden(file))
      covered.add(`${apiOfFile(file).name} ${side} ${version}`)
  }
  for (const { name, validVersions } of allApis) {
    for (let version = validVersions[0]; version <= validVersions[1]; version++) {
      for (const side of ['request', 'response']) expect(covered).toContain(`${name} ${side} ${version}`)
    }
  }
})

test('request headers decode to what went in', () => {
  const first = readGolden('kafka/Fetch.txt')
  const header = (variant: string) => {
    const golden = first.find(
      (each) => each.side === 'request' && each.version === 12 && each.variant === variant,
    )
    return decodeRequestHeader(new ByteReader(golden?.bytes ?? Buffer.alloc(0)))
  }
  const known = { apiKey: 1, apiVersion: 12, correlationId: 7_000_012, isKnown: true }
  expect(header('unknown')).toEqual({ ...known, clientId: 'cli-é' })
  expect(header('empty')).toEqual({ ...known, clientId: null })
})

test('ListOffsets v0, which Kafka dropped, decodes to a list of offsets', () => {
  const api = apiOfFile('kmsg/ListOffsets.txt')
  const golden = readGolden('kmsg/ListOffsets.txt').filter(
    ({ version, variant }) => version === 0 && variant === 'full',
  )
  const [request, response] = golden.map((each) =>
    goldenCodec(api, each).decode(new ByteReader(goldenBody(api, each))),
  )
  expect(request).toMatchObject({
    replicaId: 70_001,
    topics: [
      {
        name: 'k5-ß',
        partitions: [{ partitionIndex: 70_008, timestamp: 6_000_000_000_010, maxNumOffsets: 70_011 }, {}],
      },
      {},
    ],
  })
  expect(response).toMatchObject({
    topics: [
      { partitions: [{ oldStyleOffsets: [6_000_000_000_040, 6_000_000_000_041], offset: -1 }, {}] },
      {},
    ],
  })
})

describe(CONSUMER_PROTOCOL, () => {
  for (const golden of readGolden(CONSUMER_PROTOCOL)) {
    const isSubscription = golden.side === 'subscription'
    test(`${golden.name} decodes and encodes`, () => {
      const decoded = isSubscription
        ? consumerProtocolSubscription.decode(golden.bytes)
        : consumerProtocolAssignment.decode(golden.bytes)
      expect(asKafkaJson(decoded)).toMatchObject({ ...golden.expected, version: golden.version })
      const encoded = isSubscription
        ? consumerProtocolSubscription.encode(
            golden.version,
            consumerProtocolSubscription.decode(golden.bytes),
          )
        : consumerProtocolAssignment.encode(golden.version, consumerProtocolAssignment.decode(golden.bytes))
      expect(encoded).toEqual(golden.bytes)
    })
  }
})
