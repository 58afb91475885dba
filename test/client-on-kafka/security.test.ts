/** Our client against Apache Kafka with TLS, SASL and ACLs. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ClientOptions, createClient, type SaslOptions } from '@millrace/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../../packages/broker/compat/process/ports.ts'
import { type ApacheKafka, isKafkaInstalled, startKafka } from '../kafka/apache-kafka.ts'
import { asProperty, type Certificates, makeCertificates } from './certificates.ts'

const JAAS = 'org.apache.kafka.common.security'
const ALICE = { username: 'alice', password: 'alice-secret' }

describe.runIf(isKafkaInstalled() || process.env.MILLRACE_REQUIRE_CLIENTS === '1')('our client', () => {
  let folder = ''
  let kafka: ApacheKafka
  let certificates: Certificates
  let [tls, saslTls, saslPlain] = ['', '', '']

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-tls-'))
    certificates = makeCertificates(folder)
    const [plain, controller, ssl, saslSsl, sasl] = await Promise.all(
      Array.from({ length: 5 }, () => freePort()),
    )
    ;[tls, saslTls, saslPlain] = [`localhost:${ssl}`, `localhost:${saslSsl}`, `localhost:${sasl}`]
    const listeners = `PLAINTEXT://127.0.0.1:${plain},SSL://localhost:${ssl},SASL_SSL://localhost:${saslSsl},SASL_PLAINTEXT://localhost:${sasl}`
    const saslOf = (listener: string): Record<string, string> => ({
      [`listener.name.${listener}.sasl.enabled.mechanisms`]: 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
      [`listener.name.${listener}.connections.max.reauth.ms`]: '3000',
      [`listener.name.${listener}.plain.sasl.jaas.config`]: `${JAAS}.plain.PlainLoginModule required user_alice="alice-secret";`,
      [`listener.name.${listener}.scram-sha-256.sasl.jaas.config`]: `${JAAS}.scram.ScramLoginModule required;`,
      [`listener.name.${listener}.scram-sha-512.sasl.jaas.config`]: `${JAAS}.scram.ScramLoginModule required;`,
      [`listener.name.${listener}.oauthbearer.sasl.jaas.config`]: `${JAAS}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
    })
    kafka = await startKafka({
      heap: '512m',
      port: Number(plain),
      properties: {
        listeners: `${listeners},CONTROLLER://127.0.0.1:${controller}`,
        'advertised.listeners': listeners,
        'controller.quorum.voters': `1@127.0.0.1:${controller}`,
        'listener.security.protocol.map':
          'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL,SASL_PLAINTEXT:SASL_PLAINTEXT',
        'ssl.keystore.type': 'PEM',
        'ssl.keystore.certificate.chain': asProperty(certificates.server.cert),
        'ssl.keystore.key': asProperty(certificates.server.key),
        'ssl.truststore.type': 'PEM',
        'ssl.truststore.certificates': asProperty(certificates.ca),
        'listener.name.ssl.ssl.client.auth': 'required',
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'super.users': 'User:ANONYMOUS;User:alice',
        ...saslOf('sasl_ssl'),
        ...saslOf('sasl_plaintext'),
      },
    })
  })
  afterAll(async () => {
    await kafka?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  async function clusterIdBy(options: ClientOptions): Promise<string> {
    await using client = createClient({ apiTimeoutMs: 5_000, ...options })
    return (await client.admin.describeCluster()).clusterId
  }

  it('connects with TLS and a certificate of its own', async () => {
    const { ca, client } = certificates
    expect(await clusterIdBy({ bootstrapServers: tls, tls: { ca, ...client } })).not.toBe('')
  })

  it('refuses a broker whose certificate it does not trust, at once', async () => {
    const startMs = performance.now()
    await expect(clusterIdBy({ bootstrapServers: saslTls, tls: true })).rejects.toMatchObject({
      code: 'TLS_FAILED',
    })
    expect(performance.now() - startMs).toBeLessThan(2_000)
  })

  it('says that a port speaks TLS, or does not', async () => {
    await expect(clusterIdBy({ bootstrapServers: tls })).rejects.toMatchObject({
      code: 'TLS_FAILED',
      message: `${tls} speaks TLS, and this client does not`,
    })
    const { ca } = certificates
    await expect(clusterIdBy({ bootstrapServers: kafka.bootstrap, tls: { ca } })).rejects.toThrow(
      /TLS|no broker answers/,
    )
  })

  const mechanisms: SaslOptions[] = [
    { mechanism: 'plain', ...ALICE },
    { mechanism: 'scram-sha-256', username: 'scram', password: 'pass, =word' },
    { mechanism: 'scram-sha-512', username: 'scram', password: 'pass, =word' },
    { mechanism: 'oauthbearer', token: () => ({ value: unsecuredToken('alice') }) },
  ]
  for (const sasl of mechanisms) {
    it(`logs in by ${sasl.mechanism}, with TLS and without, and again before the session ends`, async () => {
      await using admin = createClient({ bootstrapServers: kafka.bootstrap })
      if (sasl.mechanism.startsWith('scram') && 'password' in sasl) {
        const { username: user, password, mechanism } = sasl
        await admin.admin.putUser({ user, password, mechanism: mechanism as 'scram-sha-256' })
        await admin.admin.createAcls([
          {
            resourceType: 'cluster',
            resourceName: 'kafka-cluster',
            principal: `User:${user}`,
            operation: 'all',
          },
          { resourceType: 'topic', resourceName: '*', principal: `User:${user}`, operation: 'all' },
        ])
      }
      expect(await clusterIdBy({ bootstrapServers: saslPlain, sasl })).not.toBe('')
      await using client = createClient({ bootstrapServers: saslTls, tls: { ca: certificates.ca }, sasl })
      const topic = `by-${sasl.mechanism}`
      await client.admin.createTopics([{ name: topic }])
      const producer = client.producer()
      // Longer than the session: what is not renewed is closed by the broker.
      const endMs = performance.now() + 4_000
      let count = 0
      while (performance.now() < endMs) {
        await producer.send(topic, { value: String(count++) })
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      let read = 0
      for await (const _record of client.read(topic)) read++
      expect(read).toBe(count)
    })
  }

  it('tells what the broker says to a wrong password', async () => {
    const sasl = { mechanism: 'plain', username: 'alice', password: 'wrong' } as const
    await expect(clusterIdBy({ bootstrapServers: saslPlain, sasl })).rejects.toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      message: expect.stringContaining('PLAIN: Authentication failed'),
    })
  })

  it('manages ACLs, users and quotas', async () => {
    await using client = createClient({ bootstrapServers: kafka.bootstrap })
    const { admin } = client
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

    await admin.putUser({ user: 'bob', password: 'x', mechanism: 'scram-sha-512', iterations: 4096 })
    await expect
      .poll(() => admin.listUsers())
      .toContainEqual({
        user: 'bob',
        credentials: [{ mechanism: 'scram-sha-512', iterations: 4096 }],
      })
    await admin.deleteUser('bob', 'scram-sha-512')
    await expect.poll(async () => (await admin.listUsers()).map(({ user }) => user)).not.toContain('bob')

    await admin.alterQuotas({ user: 'bob', clientId: null }, { producer_byte_rate: 1000 })
    await expect
      .poll(() => admin.listQuotas(['user', 'clientId']))
      .toEqual([{ entity: { user: 'bob', clientId: null }, values: { producer_byte_rate: 1000 } }])
    await admin.alterQuotas({ user: 'bob', clientId: null }, { producer_byte_rate: null })
    await expect.poll(() => admin.listQuotas(['user', 'clientId'])).toEqual([])
  })

  it('manages records, offsets, disks and moves', async () => {
    await using client = createClient({ bootstrapServers: kafka.bootstrap })
    const { admin } = client
    await admin.createTopics([{ name: 'managed', partitions: 2 }])
    const values = Array.from({ length: 10 }, (_, i) => ({ value: String(i), partition: 0 }))
    await client.producer().sendMany('managed', values)
    expect(await admin.deleteRecords([{ topic: 'managed', partition: 0, before: 4 }])).toEqual([
      { topic: 'managed', partition: 0, begin: 4 },
    ])
    const place = { topic: 'managed', partition: 0 }
    expect((await admin.describeProducers(place))[0]).toMatchObject({
      lastSequence: 9,
      transactionStartOffset: -1,
    })
    const sizes = await admin.describeLogSizes()
    expect(
      sizes.find(({ topic, partition }) => topic === 'managed' && partition === 0)?.sizeBytes,
    ).toBeGreaterThan(50)
    await admin.alterOffsets('managers', [{ ...place, offset: 5 }])
    await admin.deleteOffsets('managers', [place])
    expect(await admin.fetchOffsets('managers')).toEqual([])
    await admin.electLeaders([place])
    await admin.reassignPartitions([{ ...place, replicas: [1] }])
    expect(await admin.listReassignments()).toEqual([])
  })
})

/** A token that Kafka's unsecured validator takes: for tests only. */
function unsecuredToken(subject: string): string {
  const now = Math.floor(Date.now() / 1000)
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'none' })}.${part({ sub: subject, iat: now, exp: now + 3600 })}.`
}
