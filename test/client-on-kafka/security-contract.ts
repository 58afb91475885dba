import { type ClientOptions, createClient, type SaslOptions } from '@millrace/client'
import { describe, expect, it } from 'vitest'
import type { Certificates } from './certificates.ts'
import type { SecureListeners } from './secure-listeners.ts'

/** A broker with secured listeners, and a plain one over which everything is allowed. */
export interface SecureBroker {
  readonly plain: string
  readonly listeners: SecureListeners
  readonly certificates: Certificates
  /** Makes a user known to both SCRAM mechanisms. */
  addScramUser(user: string, password: string): Promise<void>
}

const ALICE = { username: 'alice', password: 'alice-secret' }
const SCRAM = { username: 'scram', password: 'pass, =word' }

/** What our client does with any Kafka that wants to know who it is. */
export function describeSecurity(broker: () => SecureBroker): void {
  async function clusterIdBy(options: ClientOptions): Promise<string> {
    await using client = createClient({ apiTimeoutMs: 5_000, ...options })
    return (await client.admin.describeCluster()).clusterId
  }

  it('connects with TLS and a certificate of its own', async () => {
    const { listeners, certificates } = broker()
    const tls = { ca: certificates.ca, ...certificates.client }
    expect(await clusterIdBy({ bootstrapServers: listeners.tls, tls })).not.toBe('')
  })

  it('refuses a broker whose certificate it does not trust, at once', async () => {
    const startMs = performance.now()
    const bootstrapServers = broker().listeners.saslTls
    await expect(clusterIdBy({ bootstrapServers, tls: true })).rejects.toMatchObject({ code: 'TLS_FAILED' })
    expect(performance.now() - startMs).toBeLessThan(2_000)
  })

  it('says that a port speaks TLS, or does not', async () => {
    const { listeners, plain, certificates } = broker()
    await expect(clusterIdBy({ bootstrapServers: listeners.tls })).rejects.toMatchObject({
      code: 'TLS_FAILED',
      message: `${listeners.tls} speaks TLS, and this client does not`,
    })
    const { ca } = certificates
    await using client = createClient({ bootstrapServers: plain, tls: { ca } })
    await expect(client.connect()).rejects.toThrow('hangs up in the middle of the TLS handshake')
  })

  it('tells what the broker says to a wrong password', async () => {
    const sasl = { mechanism: 'plain', username: 'alice', password: 'wrong' } as const
    const bootstrapServers = broker().listeners.saslPlain
    await expect(clusterIdBy({ bootstrapServers, sasl })).rejects.toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      message: expect.stringContaining('PLAIN: Authentication failed'),
    })
  })

  it('lets users in by ACLs', async () => {
    const { plain, addScramUser } = broker()
    await using client = createClient({ bootstrapServers: plain })
    const { admin } = client
    await addScramUser(SCRAM.username, SCRAM.password)
    const principal = `User:${SCRAM.username}`
    await admin.createAcls([
      { resourceType: 'cluster', resourceName: 'kafka-cluster', principal, operation: 'all' },
      { resourceType: 'topic', resourceName: '*', principal, operation: 'all' },
    ])
    const rule = {
      resourceType: 'topic',
      resourceName: 'a',
      pattern: 'prefixed',
      principal: 'User:bob',
      operation: 'read',
    } as const
    await admin.createAcls([rule])
    await expect
      .poll(() => admin.listAcls({ principal: 'User:bob' }))
      .toEqual([{ ...rule, host: '*', permission: 'allow' }])
    expect(await admin.deleteAcls({ principal: 'User:bob' })).toHaveLength(1)
    await expect.poll(() => admin.listAcls({ principal: 'User:bob' })).toEqual([])
  })

  const mechanisms: SaslOptions[] = [
    { mechanism: 'plain', ...ALICE },
    { mechanism: 'scram-sha-256', ...SCRAM },
    { mechanism: 'scram-sha-512', ...SCRAM },
    { mechanism: 'oauthbearer', token: () => ({ value: unsecuredToken('alice') }) },
  ]
  // Beside each other: each of them waits until its session is over.
  describe.concurrent('logs in with TLS and without, and again before the session ends', () => {
    it.each(mechanisms)('by $mechanism', async (sasl) => {
      const { listeners, certificates } = broker()
      expect(await clusterIdBy({ bootstrapServers: listeners.saslPlain, sasl })).not.toBe('')
      await using client = createClient({
        bootstrapServers: listeners.saslTls,
        tls: { ca: certificates.ca },
        sasl,
      })
      const topic = `by-${sasl.mechanism}`
      await client.admin.createTopics([{ name: topic }])
      const producer = client.producer()
      // Longer than the session: what is not renewed is closed by the broker.
      const endMs = performance.now() + listeners.sessionMs + 1_000
      let count = 0
      while (performance.now() < endMs) {
        await producer.send(topic, { value: String(count++) })
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      let read = 0
      for await (const _record of client.read(topic)) read++
      expect(read).toBe(count)
      // One connection for each purpose, and none again: the session was renewed, not lost.
      expect(client.counters().connectionsOpened).toBeLessThanOrEqual(4)
    })
  })
}

/** A token that Kafka's unsecured validator takes: for tests only. */
function unsecuredToken(subject: string): string {
  const now = Math.floor(Date.now() / 1000)
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'none' })}.${part({ sub: subject, iat: now, exp: now + 3600 })}.`
}
