import {
  type Api,
  type ApiVersionsResponse,
  apiVersions,
  ErrorCode,
  saslAuthenticate,
  saslHandshake,
} from '@millrace/protocol'
import { ClientError, type ClientErrorCode } from '../client-error.ts'
import { resourceError } from '../resource-error.ts'
import { authenticationFailed, mechanismName, type SaslOptions, startConversation } from '../security/sasl.ts'
import { VersionRanges } from './version-ranges.ts'

const SOFTWARE_NAME = 'millrace'
const SOFTWARE_VERSION = '0.0.0'
/** SCRAM takes two rounds and a broker may add one: a conversation without end is an attack. */
const MAX_SASL_ROUNDS = 5

/** Sends one request in this version over a connection that is being set up. */
export type Ask = <Response, RequestInput>(
  api: Api<unknown, Response, RequestInput>,
  version: number,
  input: RequestInput,
) => Promise<Response>

/**
 * Opens the conversation. A broker that does not know our version answers in version 0 with error 35
 * and names its own range (KIP-511); that is asked for once more.
 */
export async function negotiateVersions(ask: Ask): Promise<VersionRanges> {
  const input = { clientSoftwareName: SOFTWARE_NAME, clientSoftwareVersion: SOFTWARE_VERSION }
  let answer: ApiVersionsResponse = await ask(apiVersions, apiVersions.validVersions[1], input)
  if (answer.errorCode === ErrorCode.UNSUPPORTED_VERSION) {
    answer = await ask(apiVersions, new VersionRanges(answer.apiKeys).highestCommon(apiVersions) ?? 0, input)
  }
  if (answer.errorCode !== ErrorCode.NONE) throw resourceError('ApiVersions was refused', answer.errorCode)
  return new VersionRanges(answer.apiKeys)
}

/** Says who we are. Gives the time after which it has to be said again, in ms; 0 for never (KIP-368). */
export async function authenticate(ask: Ask, versions: VersionRanges, options: SaslOptions): Promise<number> {
  const mechanism = mechanismName(options)
  if (versions.highestCommon(saslHandshake) === null) throw noSasl('UNSUPPORTED_VERSION', mechanism)
  const { errorCode, mechanisms } = await ask(saslHandshake, versions.choose(saslHandshake), { mechanism })
  if (errorCode === ErrorCode.UNSUPPORTED_SASL_MECHANISM) {
    throw authenticationFailed(
      `the broker does not take ${mechanism}; it takes ${mechanisms.join(', ') || 'none'}`,
    )
  }
  // A listener without SASL of Apache Kafka: it offers the request all the same.
  if (errorCode === ErrorCode.ILLEGAL_SASL_STATE) throw noSasl('AUTHENTICATION_FAILED', mechanism)
  if (errorCode !== ErrorCode.NONE) throw resourceError('SaslHandshake was refused', errorCode)
  const conversation = await startConversation(options)
  const version = versions.choose(saslAuthenticate)
  let message = await conversation.respond(null)
  for (let round = 0; round < MAX_SASL_ROUNDS && message !== null; round++) {
    const answer = await ask(saslAuthenticate, version, { authBytes: message })
    if (answer.errorCode !== ErrorCode.NONE) {
      throw authenticationFailed(`${mechanism}: ${answer.errorMessage ?? `error ${answer.errorCode}`}`)
    }
    message = await conversation.respond(answer.authBytes)
    if (message === null) return answer.sessionLifetimeMs
  }
  throw authenticationFailed(`${mechanism}: the broker does not come to an end`)
}

function noSasl(code: ClientErrorCode, mechanism: string): ClientError {
  const whatToDo = "connect without `sasl`, or use the address of the broker's SASL listener"
  return new ClientError(code, `the listener does not take SASL, and so not ${mechanism}`, { whatToDo })
}
