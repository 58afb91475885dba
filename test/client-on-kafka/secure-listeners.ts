import { freePort } from '../../packages/broker/compat/process/ports.ts'

const JAAS = 'org.apache.kafka.common.security'
const SESSION_MS = 3_000

/** Where the secured listeners of a broker are, and what its properties say of them. */
export interface SecureListeners {
  /** Wants a certificate of the client. */
  readonly tls: string
  readonly saslTls: string
  readonly saslPlain: string
  /** As `listeners` of the properties has them. */
  readonly urls: string
  /** After so long a connection has to say again who it is. */
  readonly sessionMs: number
  readonly properties: Readonly<Record<string, string>>
}

/** Plans one listener with TLS, and two with SASL, on free ports of the loopback. */
export async function secureListeners(): Promise<SecureListeners> {
  const [tls, saslTls, saslPlain] = (await Promise.all([freePort(), freePort(), freePort()])).map(
    (port) => `localhost:${port}`,
  ) as [string, string, string]
  return {
    ...{ tls, saslTls, saslPlain, sessionMs: SESSION_MS },
    urls: `SSL://${tls},SASL_SSL://${saslTls},SASL_PLAINTEXT://${saslPlain}`,
    properties: {
      'listener.name.ssl.ssl.client.auth': 'required',
      'super.users': 'User:ANONYMOUS;User:alice',
      ...saslOf('sasl_ssl'),
      ...saslOf('sasl_plaintext'),
    },
  }
}

function saslOf(listener: string): Record<string, string> {
  const name = `listener.name.${listener}`
  return {
    [`${name}.sasl.enabled.mechanisms`]: 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
    [`${name}.connections.max.reauth.ms`]: String(SESSION_MS),
    [`${name}.plain.sasl.jaas.config`]: `${JAAS}.plain.PlainLoginModule required user_alice="alice-secret";`,
    [`${name}.scram-sha-256.sasl.jaas.config`]: `${JAAS}.scram.ScramLoginModule required;`,
    [`${name}.scram-sha-512.sasl.jaas.config`]: `${JAAS}.scram.ScramLoginModule required;`,
    [`${name}.oauthbearer.sasl.jaas.config`]: `${JAAS}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
  }
}
