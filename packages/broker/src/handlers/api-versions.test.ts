import {
  apiVersions,
  ErrorCode,
  encodeRequest,
  metadata,
  produce,
  saslAuthenticate,
  saslHandshake,
} from '@millrace/protocol'
import { describe, expect, it } from 'vitest'
import { TestBroker } from '../testing/test-broker.ts'

const software = { clientSoftwareName: 'test', clientSoftwareVersion: '1.0' }

describe('ApiVersions', () => {
  it('answers v0 to v4, the flexible versions with a header that has no tagged fields (trap 1a)', async () => {
    await using broker = await TestBroker.start()
    for (const version of [0, 1, 2, 3, 4]) {
      const connection = broker.connect()
      const body = { clientSoftwareName: 'test', clientSoftwareVersion: '1.0' }
      const reply = await broker.settle(connection.request(apiVersions, version, body))
      expect(reply.errorCode).toBe(ErrorCode.NONE)
      expect(reply.apiKeys.find(({ apiKey }) => apiKey === apiVersions.key)).toEqual({
        apiKey: 18,
        minVersion: 0,
        maxVersion: 4,
      })
    }
  })

  it('answers a version that it does not know with v0, error 35 and the entry for itself (trap 1b)', async () => {
    await using broker = await TestBroker.start()
    const connection = broker.connect()
    // apiKey 18, apiVersion 9, correlationId 77, then a body that cannot be read.
    const request = Buffer.concat([Buffer.from('00120009' + '0000004d', 'hex'), Buffer.alloc(20, 0xff)])
    const frame = await broker.settle(connection.exchangeRaw(framed(request), 77))
    expect(frame.toString('hex')).toBe('0000004d' + '0023' + '00000001' + '0012' + '0000' + '0004')
    const reply = await broker.settle(connection.request(apiVersions, 0, {}))
    expect(reply.errorCode).toBe(ErrorCode.NONE)
  })

  it('answers an invalid software name with INVALID_REQUEST and keeps the connection (trap 1d)', async () => {
    await using broker = await TestBroker.start()
    const connection = broker.connect()
    for (const clientSoftwareName of ['', '-x', 'a b', 'x-']) {
      const body = { clientSoftwareName, clientSoftwareVersion: '1.0' }
      const reply = await broker.settle(connection.request(apiVersions, 3, body))
      expect(reply.errorCode).toBe(ErrorCode.INVALID_REQUEST)
    }
    expect(connection.isClosed).toBe(false)
  })

  // That ApiVersions works before SASL (trap 1e) cannot be asked while there is no security: this test turns red
  // with the first SASL that is served, and is then to be replaced by one that opens with ApiVersions before it.
  it('tells of no SASL, which a client would have to go through first (in place of trap 1e)', async () => {
    await using broker = await TestBroker.start()
    const reply = await broker.settle(broker.connect().request(apiVersions, 2, {}))
    const keys = reply.apiKeys.map(({ apiKey }) => apiKey)
    expect(keys).toContain(apiVersions.key)
    expect(keys).not.toContain(saslHandshake.key)
    expect(keys).not.toContain(saslAuthenticate.key)
  })

  it('tells less than 1000 keys, and each key once (trap 1f)', async () => {
    await using broker = await TestBroker.start()
    const body = { clientSoftwareName: 'test', clientSoftwareVersion: '1.0' }
    const reply = await broker.settle(broker.connect().request(apiVersions, 4, body))
    const keys = reply.apiKeys.map(({ apiKey }) => apiKey)
    expect(keys.length).toBeLessThan(1000)
    expect(new Set(keys).size).toBe(keys.length)
  })

  it('tells of KIP-848 groups by group.version, in v3 without the range that begins at 0 (trap 1g)', async () => {
    await using broker = await TestBroker.start()
    const supported = [{ name: 'group.version', minVersion: 0, maxVersion: 1 }]
    for (const [version, supportedFeatures] of [
      [3, []],
      [4, supported],
    ] as const) {
      const reply = await broker.settle(broker.connect().request(apiVersions, version, software))
      expect(reply.supportedFeatures).toEqual(supportedFeatures)
      expect(reply.finalizedFeatures).toEqual([
        { name: 'group.version', minVersionLevel: 1, maxVersionLevel: 1 },
      ])
      expect(reply.finalizedFeaturesEpoch).toBe(0)
    }
  })

  it('tells of no feature where a cap takes its API away', async () => {
    await using broker = await TestBroker.start({ config: { 'millrace.api.versions.cap': '3.6' } })
    const reply = await broker.settle(broker.connect().request(apiVersions, 3, software))
    expect(reply.apiKeys.map(({ apiKey }) => apiKey)).not.toContain(68)
    expect(reply.finalizedFeatures).toEqual([])
    expect(reply.finalizedFeaturesEpoch).toBe(-1)
  })

  it('tells the minima that old clients look for (trap 2)', async () => {
    await using broker = await TestBroker.start()
    const reply = await broker.settle(broker.connect().request(apiVersions, 2, {}))
    const minima = new Map(reply.apiKeys.map(({ apiKey, minVersion }) => [apiKey, minVersion]))
    const fromZero = [produce.key, 10, 11, 12, 13, 14, 15, 16, 22]
    for (const key of fromZero) expect(minima.get(key), `key ${key}`).toBe(0)
    expect(minima.get(8)).toBeLessThanOrEqual(2)
    expect(minima.get(9)).toBeLessThanOrEqual(1)
    expect(minima.get(2)).toBeLessThanOrEqual(1)
  })
})

describe('millrace.api.versions.cap', () => {
  it('shows the ranges of that Kafka, and serves nothing above them', async () => {
    await using broker = await TestBroker.start({ config: { 'millrace.api.versions.cap': '2.4' } })
    const reply = await broker.settle(broker.connect().request(apiVersions, 3, software))
    const maxima = new Map(reply.apiKeys.map(({ apiKey, maxVersion }) => [apiKey, maxVersion]))
    expect([0, 1, 2, 3, 18].map((key) => maxima.get(key))).toEqual([8, 11, 5, 9, 3])
    expect(maxima.has(60)).toBe(false)
    const connection = broker.connect()
    await expect(broker.settle(connection.request(metadata, 10, { topics: [] }))).rejects.toThrow('closed')
  })

  it('does not know a release that is none', async () => {
    const starting = TestBroker.start({ config: { 'millrace.api.versions.cap': '9.9' } })
    await expect(starting).rejects.toThrow(/must be one of: 2\.4, /)
  })
})

describe('an API or version that is not served (trap 30)', () => {
  const cases: [string, string][] = [
    ['an unknown API key', '03e70000' + '00000001'],
    ['a negative API key', 'ffff0000' + '00000001'],
    ['Produce v2', '00000002' + '00000001' + 'ffff'],
    ['Produce v14', '0000000e' + '00000001' + 'ffff'],
    ['Metadata v99', '00030063' + '00000001' + 'ffff'],
  ]
  it.each(cases)('%s closes the connection', async (_name, hex) => {
    await using broker = await TestBroker.start()
    const connection = broker.connect()
    const other = broker.connect()
    connection.sendRaw(framed(Buffer.from(hex, 'hex')))
    await broker.quiesce()
    expect(connection.isClosed).toBe(true)
    expect(connection.unexpected).toEqual([])
    const reply = await broker.settle(other.request(metadata, 1, { topics: [] }))
    expect(reply.brokers).toHaveLength(1)
  })
})

describe('a request behind one that closes the connection', () => {
  it('is not run', async () => {
    await using broker = await TestBroker.start()
    const connection = broker.connect()
    const bad = framed(Buffer.from('03e7000000000001', 'hex'))
    const behind = Buffer.concat(
      encodeRequest(metadata, 4, { correlationId: 2, clientId: null }, { topics: [{ name: 'made' }] }),
    )
    connection.sendRaw(Buffer.concat([bad, behind]))
    await broker.quiesce()
    expect(connection.isClosed).toBe(true)
    const reply = await broker.settle(broker.connect().request(metadata, 1, { topics: null }))
    expect(reply.topics).toEqual([])
  })
})

function framed(body: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(body.length)
  return Buffer.concat([length, body])
}
