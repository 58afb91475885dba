import type { ClientOptions, SaslOptions, TlsOptions } from '@millrace/client'
import { CommandError } from '../command-error.ts'
import { readTextFile } from '../files.ts'
import { nearestName } from '../nearest-name.ts'

/** Properties of a client by the names that Kafka's own clients and librdkafka use. */
export type ClientProperties = Readonly<Record<string, string>>

const KNOWN = [
  'bootstrap.servers',
  'client.id',
  'security.protocol',
  'sasl.mechanism',
  'sasl.username',
  'sasl.password',
  'sasl.jaas.config',
  'ssl.ca.location',
  'ssl.certificate.location',
  'ssl.key.location',
  'ssl.key.password',
  'ssl.endpoint.identification.algorithm',
  'request.timeout.ms',
] as const

const PROTOCOLS = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL']
const MECHANISMS: Readonly<Record<string, 'plain' | 'scram-sha-256' | 'scram-sha-512'>> = {
  PLAIN: 'plain',
  'SCRAM-SHA-256': 'scram-sha-256',
  'SCRAM-SHA-512': 'scram-sha-512',
}

/** Refuses a property that nobody knows: a misspelt password would only fail later. `where` is the file or profile. */
export function checkProperties(properties: ClientProperties, where: string): void {
  for (const name of Object.keys(properties)) {
    if (KNOWN.some((known) => known === name)) continue
    const nearest = nearestName(name, KNOWN)
    const hint = nearest === null ? `there are ${KNOWN.join(', ')}` : `did you mean ${nearest}?`
    throw new CommandError(`${where}: unknown property ${name}: ${hint}`)
  }
}

/** What the properties mean to our client. Files that they name are read. */
export function clientOptions(properties: ClientProperties): Omit<ClientOptions, 'bootstrapServers'> {
  const protocol = properties['security.protocol'] ?? 'PLAINTEXT'
  if (!PROTOCOLS.includes(protocol)) {
    throw new CommandError(`security.protocol=${protocol}: expected one of ${PROTOCOLS.join(', ')}`)
  }
  const clientId = properties['client.id']
  const requestTimeoutMs = properties['request.timeout.ms']
  return {
    ...(clientId === undefined ? {} : { clientId }),
    ...(requestTimeoutMs === undefined ? {} : { requestTimeoutMs: Number(requestTimeoutMs) }),
    ...(protocol.endsWith('SSL') ? { tls: tlsOptions(properties) } : {}),
    ...(protocol.startsWith('SASL') ? { sasl: saslOptions(properties) } : {}),
  }
}

function tlsOptions(properties: ClientProperties): TlsOptions {
  const file = (name: string): string | undefined => {
    const path = properties[name]
    return path === undefined ? undefined : readTextFile(path)
  }
  const ca = file('ssl.ca.location')
  const cert = file('ssl.certificate.location')
  const key = file('ssl.key.location')
  const passphrase = properties['ssl.key.password']
  // Kafka's way to say that the name in the certificate does not matter.
  const checksName = properties['ssl.endpoint.identification.algorithm'] !== ''
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(checksName ? {} : { checkServerIdentity: () => undefined }),
  }
}

function saslOptions(properties: ClientProperties): SaslOptions {
  const written = properties['sasl.mechanism'] ?? 'PLAIN'
  const mechanism = MECHANISMS[written]
  if (mechanism === undefined) {
    throw new CommandError(`sasl.mechanism=${written}: expected one of ${Object.keys(MECHANISMS).join(', ')}`)
  }
  const jaas = properties['sasl.jaas.config'] ?? ''
  const username = properties['sasl.username'] ?? /\busername="([^"]*)"/.exec(jaas)?.[1]
  const password = properties['sasl.password'] ?? /\bpassword="([^"]*)"/.exec(jaas)?.[1]
  if (username === undefined || password === undefined) {
    throw new CommandError(
      'SASL needs sasl.username and sasl.password (or sasl.jaas.config, or MILLRACE_SASL_PASSWORD)',
    )
  }
  return { mechanism, username, password }
}
