import { describe, expect, it } from 'vitest'
import { createClient } from './client.ts'
import { parseBootstrapServers } from './client-options.ts'

describe('bootstrap servers', () => {
  it('are host:port, several with commas, IPv6 in brackets, port 9092 by default', () => {
    expect(parseBootstrapServers('a:1, b.example:2,')).toEqual([
      { host: 'a', port: 1 },
      { host: 'b.example', port: 2 },
    ])
    expect(parseBootstrapServers(['[::1]:9093', 'c'])).toEqual([
      { host: '::1', port: 9093 },
      { host: 'c', port: 9092 },
    ])
  })

  for (const wrong of ['', 'a:0', 'a:65536', 'a:b', 'http://a:1', 'a b:1', '[::1', '::1:9092']) {
    it(`refuse "${wrong}"`, () =>
      expect(() => parseBootstrapServers(wrong)).toThrow(/^bootstrapServers: got /))
  }
})

describe('client options', () => {
  it('are refused by name', () => {
    expect(() => createClient({ bootstrapServers: 'a', requestTimeoutMs: 0 })).toThrow(
      'requestTimeoutMs: got 0',
    )
    expect(() => createClient(JSON.parse('{"bootstrapServers":"a","brokers":[]}'))).toThrow(
      'createClient has no option "brokers"',
    )
  })
})
