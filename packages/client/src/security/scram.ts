import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { authenticationFailed, type SaslConversation } from './sasl.ts'

/** Who authenticates, and by which hash. */
export interface ScramCredentials {
  readonly mechanism: 'scram-sha-256' | 'scram-sha-512'
  readonly username: string
  readonly password: string
}

const HASHES = { 'scram-sha-256': 'sha256', 'scram-sha-512': 'sha512' } as const
/** RFC 7677 wants at least 4096; a broker that asks for more than this would only burn our time. */
const MIN_ITERATIONS = 4_096
const MAX_ITERATIONS = 1_000_000
/** No channel binding, no other authorization id. */
const GS2_HEADER = 'n,,'

/** A fresh nonce, of printable characters without a comma. */
export function scramNonce(): string {
  return randomBytes(18).toString('base64')
}

/**
 * SCRAM (RFC 5802, RFC 7677). The password does not leave the client, and the broker proves that it
 * knows it too: one that cannot is refused.
 *
 *     client-first  = "n,,n=" user ",r=" nonce
 *     server-first  = "r=" nonce server-nonce ",s=" salt ",i=" iterations
 *     client-final  = "c=biws,r=" nonce server-nonce ",p=" proof
 *     server-final  = "v=" signature / "e=" error
 */
export class ScramConversation implements SaslConversation {
  readonly #credentials: ScramCredentials
  readonly #nonce: string
  readonly #hash: 'sha256' | 'sha512'
  #step: 'first' | 'final' | 'verify' | 'done' = 'first'
  #expectedSignature: Buffer = Buffer.alloc(0)

  constructor(credentials: ScramCredentials, nonce: string) {
    this.#credentials = credentials
    this.#nonce = nonce
    this.#hash = HASHES[credentials.mechanism]
  }

  async respond(challenge: Buffer | null): Promise<Buffer | null> {
    const text = challenge?.toString('utf8') ?? ''
    switch (this.#step) {
      case 'first':
        this.#step = 'final'
        return Buffer.from(`${GS2_HEADER}${this.#clientFirst}`)
      case 'final':
        this.#step = 'verify'
        return Buffer.from(await this.#clientFinal(text))
      case 'verify':
        this.#step = 'done'
        this.#verify(text)
        return null
      case 'done':
        return null
    }
  }

  get #clientFirst(): string {
    const username = this.#credentials.username
      .normalize('NFKC')
      .replaceAll('=', '=3D')
      .replaceAll(',', '=2C')
    return `n=${username},r=${this.#nonce}`
  }

  async #clientFinal(serverFirst: string): Promise<string> {
    const { r: nonce = '', s: salt = '', i = '' } = attributes(serverFirst)
    const iterations = Number(i)
    if (!nonce.startsWith(this.#nonce) || nonce === this.#nonce) {
      throw authenticationFailed('SCRAM: the broker did not answer with our nonce')
    }
    if (!Number.isInteger(iterations) || iterations < MIN_ITERATIONS || iterations > MAX_ITERATIONS) {
      throw authenticationFailed(
        `SCRAM: the broker asks for ${i} iterations, allowed are ${MIN_ITERATIONS} to ${MAX_ITERATIONS}`,
      )
    }
    const withoutProof = `c=${Buffer.from(GS2_HEADER).toString('base64')},r=${nonce}`
    const message = `${this.#clientFirst},${serverFirst},${withoutProof}`
    const password = this.#credentials.password.normalize('NFKC')
    const keyBytes = createHash(this.#hash).digest().length
    const salted = await promisify(pbkdf2)(
      password,
      Buffer.from(salt, 'base64'),
      iterations,
      keyBytes,
      this.#hash,
    )
    const clientKey = this.#hmac(salted, 'Client Key')
    const storedKey = createHash(this.#hash).update(clientKey).digest()
    const signature = this.#hmac(storedKey, message)
    this.#expectedSignature = this.#hmac(this.#hmac(salted, 'Server Key'), message)
    const proof = Buffer.from(clientKey.map((byte, at) => byte ^ (signature[at] ?? 0)))
    return `${withoutProof},p=${proof.toString('base64')}`
  }

  #verify(serverFinal: string): void {
    const { v = '', e } = attributes(serverFinal)
    if (e !== undefined) throw authenticationFailed(`SCRAM: the broker says ${e}`)
    const signature = Buffer.from(v, 'base64')
    if (
      signature.length !== this.#expectedSignature.length ||
      !timingSafeEqual(signature, this.#expectedSignature)
    ) {
      throw authenticationFailed('SCRAM: the broker could not prove that it knows the password')
    }
  }

  #hmac(key: Buffer, text: string): Buffer {
    return createHmac(this.#hash, key).update(text).digest()
  }
}

function attributes(message: string): Partial<Record<string, string>> {
  return Object.fromEntries(message.split(',').map((part) => [part.slice(0, 1), part.slice(2)]))
}
