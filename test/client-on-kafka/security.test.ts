/** Our client against Apache Kafka with TLS, SASL and ACLs. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@millrace/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../../packages/broker/compat/process/ports.ts'
import { type ApacheKafka, isKafkaInstalled, startKafka } from '../kafka/apache-kafka.ts'
import { asProperty, makeCertificates } from './certificates.ts'
import { secureListeners } from './secure-listeners.ts'
import { describeSecurity, type SecureBroker } from './security-contract.ts'

describe.runIf(isKafkaInstalled() || process.env.MILLRACE_REQUIRE_CLIENTS === '1')('our client', () => {
  let folder = ''
  let kafka: ApacheKafka
  let broker: SecureBroker

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-tls-'))
    const certificates = makeCertificates(folder)
    const listeners = await secureListeners()
    const [port, controller] = [await freePort(), await freePort()]
    const urls = `PLAINTEXT://127.0.0.1:${port},${listeners.urls}`
    kafka = await startKafka({
      heap: '512m',
      port,
      properties: {
        listeners: `${urls},CONTROLLER://127.0.0.1:${controller}`,
        'advertised.listeners': urls,
        'controller.quorum.voters': `1@127.0.0.1:${controller}`,
        'listener.security.protocol.map':
          'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL,SASL_PLAINTEXT:SASL_PLAINTEXT',
        'ssl.keystore.type': 'PEM',
        'ssl.keystore.certificate.chain': asProperty(certificates.server.cert),
        'ssl.keystore.key': asProperty(certificates.server.key),
        'ssl.truststore.type': 'PEM',
        'ssl.truststore.certificates': asProperty(certificates.ca),
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        ...listeners.properties,
      },
    })
    const addScramUser = async (user: string, password: string): Promise<void> => {
      await using client = createClient({ bootstrapServers: kafka.bootstrap })
      for (const mechanism of ['scram-sha-256', 'scram-sha-512'] as const) {
        await client.admin.putUser({ user, password, mechanism })
      }
    }
    broker = { plain: kafka.bootstrap, listeners, certificates, addScramUser }
  })
  afterAll(async () => {
    await kafka?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  describeSecurity(() => broker)

  it('manages users and quotas', async () => {
    await using client = createClient({ bootstrapServers: kafka.bootstrap })
    const { admin } = client
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
