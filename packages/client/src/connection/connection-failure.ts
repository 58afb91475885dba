import { ClientError } from '../client-error.ts'
import type { ClientSettings } from '../client-options.ts'
import { type BrokerAddress, formatAddress } from '../network/network.ts'

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name cannot be looked up now',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ETIMEDOUT: 'no answer in time',
}

/** Nobody listens there, or cannot be reached. */
export function connectFailure(
  settings: ClientSettings,
  address: BrokerAddress,
  error: unknown,
): ClientError {
  const where = formatAddress(address)
  const tlsReason = tlsFailure(error)
  if (tlsReason !== null)
    return new ClientError('TLS_FAILED', `TLS with ${where}: ${tlsReason}`, { cause: error })
  if (isHangUpInTls(error)) {
    const message = `${where} hangs up in the middle of the TLS handshake, as a port that speaks plain text does`
    return new ClientError('CONNECTION_FAILED', message, {
      cause: error,
      whatToDo: 'check that this port speaks TLS, or connect without `tls`',
    })
  }
  const message = `no broker answers at ${where}: ${connectReason(error)}`
  const isBootstrap = settings.bootstrapServers.some((given) => formatAddress(given) === where)
  if (isBootstrap) return new ClientError('CONNECTION_FAILED', message, { cause: error })
  const whatToDo = `the cluster tells clients this address: check advertised.listeners of the broker, and that ${address.host} can be reached from here`
  return new ClientError('CONNECTION_FAILED', message, { cause: error, whatToDo })
}

/**
 * A connection that was open has ended. `soFar` tells how far it came: a listener that wants something else than the
 * client gives hangs up without a word, over and over.
 */
export function connectionLost(
  address: BrokerAddress,
  error: Error | null,
  soFar: { readonly answerCount: number; readonly hasTls: boolean; readonly hasSasl: boolean },
): ClientError {
  const where = formatAddress(address)
  // Under TLS 1.3 a broker may refuse our certificate after the handshake.
  const tlsReason = tlsFailure(error)
  if (tlsReason !== null)
    return new ClientError('TLS_FAILED', `TLS with ${where}: ${tlsReason}`, { cause: error })
  const cause = { cause: error ?? undefined }
  const reason = error === null ? 'the broker closed it' : connectReason(error)
  if (soFar.answerCount === 0) {
    const message = `${where} ended the connection before it had answered anything: ${reason}`
    const whatToDo = soFar.hasTls
      ? 'check that this is the address of a Kafka listener'
      : 'check that this is the address of a Kafka listener, and whether it wants TLS'
    return new ClientError('CONNECTION_LOST', message, { ...cause, whatToDo })
  }
  const message = `lost the connection to ${where}: ${reason}`
  // ApiVersions is answered before anybody has to say who it is; the next request is not.
  if (soFar.answerCount > 1 || soFar.hasSasl) return new ClientError('CONNECTION_LOST', message, cause)
  const whatToDo = 'if this happens again and again, check whether the listener wants SASL'
  return new ClientError('CONNECTION_LOST', message, { ...cause, whatToDo })
}

/**
 * What came is no answer of a Kafka broker. `firstBytes`: what the peer sent first, if this was it; then
 * it often tells who is there instead.
 */
export function invalidResponse(
  address: BrokerAddress,
  firstBytes: Buffer | null,
  error: unknown,
): ClientError {
  const where = formatAddress(address)
  const seen = error instanceof Error ? error.message : String(error)
  const message = `${where} sent what is not a Kafka answer: ${seen}`
  if (firstBytes === null) return new ClientError('INVALID_RESPONSE', message, { cause: error })
  if (isTls(firstBytes)) {
    const whatToDo = 'connect with TLS, or to a port that speaks plain text'
    return new ClientError('TLS_FAILED', `${where} speaks TLS, and this client does not`, {
      cause: error,
      whatToDo,
    })
  }
  if (firstBytes.toString('latin1', 0, 5) === 'HTTP/') {
    return new ClientError('NOT_A_BROKER', `${where} is an HTTP server`, { cause: error })
  }
  return new ClientError('INVALID_RESPONSE', message, { cause: error })
}

/** What OpenSSL or Node's check of the certificate says; null when it was not TLS that failed. */
function tlsFailure(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null
  const code = String(error.code)
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') {
    return 'the port speaks plain text'
  }
  if (code === 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED') {
    return 'the broker wants a certificate of the client (`cert` and `key` of `tls`)'
  }
  const isTls = /CERT|SIGNATURE|ISSUER|CRL|^ERR_TLS_|^ERR_SSL_|^ERR_OSSL_/.test(code)
  // OpenSSL's message is a line of its source; its reason is what it says in words.
  const said = 'reason' in error && typeof error.reason === 'string' ? error.reason : error.message
  return isTls ? `${said} (${code})` : null
}

/** Kafka takes our first bytes for a frame that is too large, and says nothing. A broker that stops does so too. */
function isHangUpInTls(error: unknown): boolean {
  return error instanceof Error && error.message.includes('before secure TLS connection was established')
}

/** A TLS record: alert or handshake, of any version since SSL 3. A Kafka answer would be 350 MB long. */
function isTls(bytes: Buffer): boolean {
  return (bytes[0] === 0x15 || bytes[0] === 0x16) && bytes[1] === 0x03
}

/** `localhost` has several addresses: then Node gives an AggregateError without a message. */
function connectReason(error: unknown): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error
  if (!(first instanceof Error)) return String(error)
  const code = 'code' in first ? String(first.code) : ''
  return REASONS[code] ?? first.message
}
