import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createClient } from '../client.ts'
import { resolveClientOptions } from '../client-options.ts'
import { connectFailure, connectionLost, invalidResponse } from './connection-failure.ts'

const SETTINGS = resolveClientOptions({ bootstrapServers: 'here:9092' })
const FRESH = { answerCount: 0, hasTls: false, hasSasl: false }
const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })

describe('a broker that cannot be reached', () => {
  it('is told by address and reason', () => {
    const error = connectFailure(SETTINGS, { host: 'here', port: 9092 }, new AggregateError([refused]))
    expect(error.message).toBe('no broker answers at here:9092: connection refused')
    expect(error.whatToDo).toBe('check the address and that the broker is running')
  })

  it('points at the advertised address when it was the cluster that named it', () => {
    const error = connectFailure(SETTINGS, { host: 'kafka', port: 29092 }, refused)
    expect(error.whatToDo).toContain('advertised.listeners')
  })
})

describe('TLS that does not come about', () => {
  const reasons: [code: string, message: string][] = [
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'TLS with here:9093: the port speaks plain text'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'TLS with here:9093: self-signed (DEPTH_ZERO_SELF_SIGNED_CERT)'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'TLS with here:9093: self-signed (ERR_TLS_CERT_ALTNAME_INVALID)'],
  ]
  for (const [code, message] of reasons) {
    it(`${code} is not tried again`, () => {
      const error = connectFailure(
        SETTINGS,
        { host: 'here', port: 9093 },
        Object.assign(new Error('self-signed'), { code }),
      )
      expect(error).toMatchObject({ code: 'TLS_FAILED', retriable: false, message })
    })
  }
})

describe('what OpenSSL says', () => {
  const where = { host: 'here', port: 9093 }
  const told = (code: string, reason?: string): Error =>
    Object.assign(new Error('0A00:error:0A000:SSL routines:rec_layer_s3.c:918:alert\n'), { code, reason })

  it('is told by its reason, not by the line of its source', () => {
    const error = connectFailure(
      SETTINGS,
      where,
      told('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'alert version'),
    )
    expect(error.message).toBe('TLS with here:9093: alert version (ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION)')
  })

  it('of a key that is none is no reason to try again', () => {
    const error = connectFailure(SETTINGS, where, told('ERR_OSSL_PEM_NO_START_LINE', 'no start line'))
    expect(error).toMatchObject({ code: 'TLS_FAILED', retriable: false })
  })

  it('behind the handshake is no lost connection: the broker wants a certificate', () => {
    const error = connectionLost(where, told('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'), FRESH)
    expect(error).toMatchObject({ code: 'TLS_FAILED', retriable: false })
    expect(error.message).toContain('the broker wants a certificate of the client')
  })
})

describe('a connection that ends', () => {
  const where = { host: 'here', port: 9092 }

  it('before any answer may mean TLS, or no broker', () => {
    expect(connectionLost(where, null, FRESH)).toMatchObject({
      code: 'CONNECTION_LOST',
      message: 'here:9092 ended the connection before it had answered anything: the broker closed it',
      whatToDo: 'check that this is the address of a Kafka listener, and whether it wants TLS',
    })
    expect(connectionLost(where, null, { ...FRESH, hasTls: true }).whatToDo).not.toContain('TLS')
  })

  it('behind the versions may mean SASL, for a client that has none', () => {
    expect(connectionLost(where, null, { ...FRESH, answerCount: 1 }).whatToDo).toContain('wants SASL')
    const authenticated = connectionLost(where, null, { ...FRESH, answerCount: 1, hasSasl: true })
    expect(authenticated.whatToDo).toContain('reconnects by itself')
    expect(connectionLost(where, null, { ...FRESH, answerCount: 2 })).toMatchObject({
      message: 'lost the connection to here:9092: the broker closed it',
      whatToDo: 'nothing: the client reconnects by itself',
    })
  })
})

describe('TLS against a port that speaks plain text', () => {
  it('is told by what such a port does, and tried again, since a broker that stops does so too', async () => {
    // As Kafka does: it takes a handshake for a frame that is too large.
    const plain = createServer((socket) => socket.once('data', () => socket.destroy()))
    plain.listen(0, '127.0.0.1')
    await once(plain, 'listening')
    const { port } = plain.address() as AddressInfo
    const bootstrapServers = `127.0.0.1:${port}`
    await using client = createClient({ bootstrapServers, tls: true, apiTimeoutMs: 1 })
    await expect(client.connect()).rejects.toMatchObject({
      code: 'CONNECTION_FAILED',
      retriable: true,
      message: expect.stringMatching(
        /^127.* hangs up in the middle of the TLS handshake, as a port that speaks plain/,
      ),
      whatToDo: expect.stringContaining('check that this port speaks TLS'),
    })
    plain.close()
  })
})

describe('a peer that is no broker', () => {
  it('is told when it speaks TLS or HTTP', () => {
    const address = { host: 'here', port: 443 }
    const lie = new RangeError('a frame of 352518912 bytes')
    expect(invalidResponse(address, Buffer.from([0x15, 3, 3, 0, 2, 2, 70]), lie).message).toBe(
      'here:443 speaks TLS, and this client does not',
    )
    expect(invalidResponse(address, Buffer.from('HTTP/1.1 400 Bad Request\r\n'), lie)).toMatchObject({
      code: 'NOT_A_BROKER',
      retriable: false,
      message: 'here:443 is an HTTP server',
    })
    expect(invalidResponse(address, Buffer.from([1, 2, 3, 4]), lie).message).toBe(
      'here:443 sent what is not a Kafka answer: a frame of 352518912 bytes',
    )
  })
})
