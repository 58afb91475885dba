import { ClientError } from '../client-error.ts'
import { invalidOption } from '../option-check.ts'

/** How a client says who it is. */
export type SaslOptions =
  | { readonly mechanism: 'plain'; readonly username: string; readonly password: string }
  | {
      readonly mechanism: 'scram-sha-256' | 'scram-sha-512'
      readonly username: string
      readonly password: string
    }
  | {
      readonly mechanism: 'oauthbearer'
      /** Asked before each authentication: for a fresh token, with extensions where the broker wants some. */
      readonly token: () => Promise<OAuthToken> | OAuthToken
    }

/** A bearer token for SASL/OAUTHBEARER (RFC 7628). */
export interface OAuthToken {
  readonly value: string
  readonly extensions?: Readonly<Record<string, string>>
}

/** The client's part of one authentication, step by step. */
export interface SaslConversation {
  /** The next message for what the broker said (null: nothing yet); null when there is nothing more to say. */
  respond(challenge: Buffer | null): Promise<Buffer | null>
}

/** The name of the mechanism as it is on the wire. */
export function mechanismName(options: SaslOptions): string {
  return options.mechanism.toUpperCase()
}

/** Begins one authentication. */
export async function startConversation(options: SaslOptions): Promise<SaslConversation> {
  switch (options.mechanism) {
    case 'plain':
      return plainConversation(options.username, options.password)
    case 'oauthbearer':
      return bearerConversation(await options.token())
    case 'scram-sha-256':
    case 'scram-sha-512': {
      const { ScramConversation, scramNonce } = await import('./scram.ts')
      return new ScramConversation(options, scramNonce())
    }
  }
}

/** Refuses options with which no authentication could work. */
export function checkSaslOptions(options: SaslOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw invalidOption('sasl', options, 'an object with a mechanism')
  }
  const { mechanism } = options
  switch (mechanism) {
    case 'plain':
    case 'scram-sha-256':
    case 'scram-sha-512':
      if (typeof options.username !== 'string')
        throw invalidOption('sasl.username', options.username, 'a name')
      if (typeof options.password !== 'string') throw invalidOption('sasl.password', 'nothing', 'a password')
      return
    case 'oauthbearer':
      if (typeof options.token !== 'function') throw invalidOption('sasl.token', options.token, 'a function')
      return
  }
  throw invalidOption('sasl.mechanism', mechanism, 'plain, scram-sha-256, scram-sha-512 or oauthbearer')
}

/** The broker does not take us for who we say we are. */
export function authenticationFailed(message: string, cause?: unknown): ClientError {
  return new ClientError('AUTHENTICATION_FAILED', message, { cause })
}

/** RFC 4616: authorization id, user and password, with zero bytes between them. */
function plainConversation(username: string, password: string): SaslConversation {
  return {
    respond: async (challenge) => (challenge === null ? Buffer.from(`\0${username}\0${password}`) : null),
  }
}

/** RFC 7628. A token that is refused is answered with JSON, which has to be acknowledged to end the exchange. */
function bearerConversation({ value, extensions = {} }: OAuthToken): SaslConversation {
  const pairs = Object.entries({ auth: `Bearer ${value}`, ...extensions }).map(
    ([name, text]) => `${name}=${text}\x01`,
  )
  return {
    respond: async (challenge) => {
      if (challenge === null) return Buffer.from(`n,,\x01${pairs.join('')}\x01`)
      return challenge.length === 0 ? null : Buffer.from('\x01')
    },
  }
}
