/** Throw-away certificates for a listener with TLS on the loopback. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Identity {
  readonly cert: string
  readonly key: string
}

export interface Certificates {
  readonly ca: string
  readonly server: Identity
  readonly client: Identity
}

/** Makes a certificate authority, and what a broker and a client need of it, with OpenSSL. */
export function makeCertificates(folder: string): Certificates {
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  }
  const key = ['-newkey', 'rsa:2048', '-nodes']
  openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    '2',
    '-subj',
    '/CN=test authority',
  )
  const issue = (name: string, extensions: string): Identity => {
    writeFileSync(join(folder, `${name}.ext`), extensions)
    openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`)
    const signed = [
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      `${name}.ext`,
    ]
    openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, ...signed)
    return { cert: read(`${name}.pem`), key: read(`${name}.key`) }
  }
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8')
  return {
    server: issue('broker', 'subjectAltName=DNS:localhost,IP:127.0.0.1\n'),
    client: issue('client', ''),
    ca: read('ca.pem'),
  }
}

/** Files for a Kafka that does not read PEM yet. */
export interface KeyStores {
  readonly server: string
  readonly trusted: string
  readonly password: string
}

/** What `makeCertificates` has put into the folder, as PKCS #12. */
export function makeKeyStores(folder: string): KeyStores {
  const [server, trusted, password] = [join(folder, 'broker.p12'), join(folder, 'trusted.p12'), 'change-it']
  const run = (program: string, ...args: readonly string[]): void => {
    execFileSync(program, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  }
  const pass = `pass:${password}`
  run(
    'openssl',
    'pkcs12',
    '-export',
    '-in',
    'broker.pem',
    '-inkey',
    'broker.key',
    '-out',
    server,
    '-passout',
    pass,
  )
  const store = ['-keystore', trusted, '-storetype', 'PKCS12', '-storepass', password]
  // Java trusts only what its own tool has marked so.
  run('keytool', '-importcert', '-noprompt', '-alias', 'authority', '-file', 'ca.pem', ...store)
  return { server, trusted, password }
}

/** PEM on one line, as a properties file of Kafka takes it. */
export function asProperty(pem: string): string {
  return pem.trimEnd().replaceAll('\n', '\\n')
}
