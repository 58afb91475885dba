/** Our client against Apache Kafka 2.4 with TLS, SASL and ACLs. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import { freePort } from '../../packages/broker/compat/process/ports.ts'
import { isKafka24Installed, type Kafka24, startKafka24 } from '../kafka/kafka-2-4.ts'
import { makeCertificates, makeKeyStores } from './certificates.ts'
import { secureListeners } from './secure-listeners.ts'
import { describeSecurity, type SecureBroker } from './security-contract.ts'

describe.runIf(isKafka24Installed() || process.env.MILLRACE_REQUIRE_CLIENTS === '1')(
  'our client on Apache Kafka 2.4',
  () => {
    let folder = ''
    let kafka: Kafka24
    let broker: SecureBroker

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'millrace-tls-'))
      const certificates = makeCertificates(folder)
      const stores = makeKeyStores(folder)
      const listeners = await secureListeners()
      const port = await freePort()
      kafka = await startKafka24({
        port,
        properties: {
          listeners: `PLAINTEXT://127.0.0.1:${port},${listeners.urls}`,
          'ssl.keystore.type': 'PKCS12',
          'ssl.keystore.location': stores.server,
          'ssl.keystore.password': stores.password,
          'ssl.truststore.type': 'PKCS12',
          'ssl.truststore.location': stores.trusted,
          'ssl.truststore.password': stores.password,
          'authorizer.class.name': 'kafka.security.authorizer.AclAuthorizer',
          ...listeners.properties,
        },
      })
      broker = {
        plain: kafka.bootstrapServers,
        listeners,
        certificates,
        addScramUser: (user, password) => kafka.addScramUser(user, password),
      }
    })
    afterAll(async () => {
      await kafka?.[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    })

    describeSecurity(() => broker)
  },
)
