import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { connectionSettings } from './connection-settings.ts'

const NONE = { bootstrap: undefined, config: undefined, profile: undefined }
let folder = ''

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-settings-'))
})
afterEach(() => vi.unstubAllEnvs())
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the address of the broker', () => {
  it('is that of the flag, the variable, the file, the profile, or the usual one, in this order', () => {
    const config = file('client.properties', 'bootstrap.servers=from-file:1\n')
    vi.stubEnv('MILLRACE_PROFILES', file('profiles.json', '{"prod":{"bootstrap.servers":"from-profile:1"}}'))
    expect(connectionSettings(NONE).bootstrapServers).toBe('localhost:9092')
    expect(connectionSettings({ ...NONE, profile: 'prod' }).bootstrapServers).toBe('from-profile:1')
    expect(connectionSettings({ ...NONE, profile: 'prod', config }).bootstrapServers).toBe('from-file:1')
    vi.stubEnv('MILLRACE_CONFIG', config)
    expect(connectionSettings({ ...NONE, profile: 'prod' }).bootstrapServers).toBe('from-file:1')
    const other = file('other.properties', 'bootstrap.servers=from-other-file:1\n')
    expect(connectionSettings({ ...NONE, config: other }).bootstrapServers).toBe('from-other-file:1')
    vi.stubEnv('MILLRACE_BOOTSTRAP', 'from-variable:1')
    expect(connectionSettings({ ...NONE, config }).bootstrapServers).toBe('from-variable:1')
    expect(connectionSettings({ ...NONE, config, bootstrap: 'from-flag:1' }).bootstrapServers).toBe(
      'from-flag:1',
    )
  })
})

describe('client properties', () => {
  it('say how to log in, in the words of Kafka and of librdkafka', () => {
    const ca = file('ca.pem', 'a certificate')
    const config = file(
      'secure.properties',
      [
        'security.protocol=SASL_SSL',
        'sasl.mechanism=SCRAM-SHA-256',
        'sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="ann" password="a b";',
        `ssl.ca.location=${ca}`,
      ].join('\n'),
    )
    expect(connectionSettings({ ...NONE, config })).toMatchObject({
      tls: { ca: 'a certificate' },
      sasl: { mechanism: 'scram-sha-256', username: 'ann', password: 'a b' },
    })
    vi.stubEnv('MILLRACE_SASL_PASSWORD', 'secret')
    expect(connectionSettings({ ...NONE, config })).toMatchObject({ sasl: { password: 'secret' } })
    const login = 'security.protocol=SASL_PLAINTEXT\nsasl.username=ann\nsasl.password=old\n'
    const plain = file('plain.properties', login)
    expect(connectionSettings({ ...NONE, config: plain })).toMatchObject({ sasl: { password: 'secret' } })
  })

  const wrong: [text: string, reason: string][] = [
    ['sasl.pasword=x', 'unknown property sasl.pasword: did you mean sasl.password?'],
    ['security.protocol=TLS', 'security.protocol=TLS: expected one of PLAINTEXT, SSL'],
    ['security.protocol=SASL_SSL\nsasl.mechanism=GSSAPI', 'sasl.mechanism=GSSAPI: expected one of PLAIN'],
    ['security.protocol=SASL_PLAINTEXT', 'SASL needs sasl.username and sasl.password'],
    [
      'security.protocol=SSL\nssl.ca.location=/no/such.pem',
      'cannot read the file /no/such.pem: there is none',
    ],
  ]
  for (const [text, reason] of wrong) {
    it(`are refused: ${text.replaceAll('\n', ', ')}`, () => {
      expect(() => connectionSettings({ ...NONE, config: file('wrong.properties', text) })).toThrow(reason)
    })
  }
})

describe('profiles', () => {
  it('are refused by name when there is none, and when the file is no JSON', () => {
    vi.stubEnv('MILLRACE_PROFILES', join(folder, 'nothing.json'))
    expect(() => connectionSettings({ ...NONE, profile: 'prod' })).toThrow('nothing.json does not exist')
    vi.stubEnv('MILLRACE_PROFILES', file('some.json', '{"prod":{}}'))
    expect(() => connectionSettings({ ...NONE, profile: 'prd' })).toThrow('did you mean prod?')
    vi.stubEnv('MILLRACE_PROFILES', file('bad.json', '{"prod":'))
    expect(() => connectionSettings({ ...NONE, profile: 'prod' })).toThrow(/bad\.json cannot be read: /)
  })
})
