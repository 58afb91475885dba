import { strict as assert } from 'node:assert'
import { type Api, type ByteReader, encodeResponse, WireError } from '@millrace/protocol'
import type { BrokerServices } from '../broker-services.ts'
import {
  Applied,
  CloseConnectionError,
  type Handler,
  type HandlerResult,
  NO_RESPONSE,
  type RequestContext,
} from '../handlers/handler.ts'
import type { Routed } from './connection.ts'
import { runCounted } from './counted-run.ts'
import type { ReplyBytes } from './exchange-queue.ts'
import { highestVersion, type KafkaRelease } from './kafka-releases.ts'

/** An inclusive range of API versions. */
export type VersionRange = readonly [min: number, max: number]

/** One API as this broker serves it. */
export interface Route {
  readonly key: number
  readonly name: string
  /** What ApiVersions tells. Clients read both ends (compat.md section 1). */
  readonly advertised: VersionRange
  /** What is answered; the advertised minimum may lie lower (Produce, trap 2). */
  readonly served: VersionRange
  run(services: BrokerServices, context: RequestContext, correlationId: number, body: ByteReader): Routed
}

/** Ties an API to its handler. Advertises what is served, unless told otherwise. */
export function route<Request, ReplyInput>(
  api: Api<Request, unknown, never, ReplyInput>,
  served: VersionRange,
  handler: Handler<Request, ReplyInput>,
  advertised: VersionRange = served,
): Route {
  const { key, name, validVersions } = api
  assert(
    served[0] >= validVersions[0] && served[1] <= validVersions[1],
    `${name}: serves what is not declared`,
  )
  assert(advertised[1] === served[1], `${name}: every advertised maximum is a promise`)
  return {
    key,
    name,
    advertised,
    served,
    run: (services, context, correlationId, body) => {
      const { apiVersion } = context
      if (services.quotas.isActive) {
        return runCounted(services, context, {
          apiKey: key,
          handle: () => handler(services, context, decode(api, apiVersion, body)),
          encode: (reply) => encodeReply(api, apiVersion, correlationId, reply),
        })
      }
      const result = handler(services, context, decode(api, apiVersion, body))
      // The synchronous answer is the common one: it takes neither a promise nor a closure.
      if (isSettled(result)) return encodeReply(api, apiVersion, correlationId, result)
      if (result instanceof Applied) return encodeApplied(api, apiVersion, correlationId, result)
      return result.then((later) =>
        later instanceof Applied
          ? encodeApplied(api, apiVersion, correlationId, later)
          : encodeReply(api, apiVersion, correlationId, later),
      )
    },
  }
}

type Settled<ReplyInput> = ReplyInput | typeof NO_RESPONSE

function isSettled<ReplyInput>(result: HandlerResult<ReplyInput>): result is Settled<ReplyInput> {
  return !(result instanceof Promise) && !(result instanceof Applied)
}

function decode<Request>(api: Api<Request>, version: number, body: ByteReader): Request {
  try {
    return api.request(version).decode(body)
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause
    throw new CloseConnectionError(`${api.name} v${version} cannot be read: ${cause.message}`, { cause })
  }
}

function encodeReply<ReplyInput>(
  api: Api<unknown, unknown, never, ReplyInput>,
  version: number,
  correlationId: number,
  reply: Settled<ReplyInput>,
): ReplyBytes {
  return reply === NO_RESPONSE ? null : encodeResponse(api, version, correlationId, reply)
}

function encodeApplied<ReplyInput>(
  api: Api<unknown, unknown, never, ReplyInput>,
  version: number,
  correlationId: number,
  applied: Applied<ReplyInput>,
): Applied<ReplyBytes> {
  return new Applied(applied.reply.then((reply) => encodeReply(api, version, correlationId, reply)))
}

/**
 * The routes as a broker of that Kafka release would have them: nothing above its maxima, and no API that it did not
 * have. Shows how a client behaves against an older broker.
 */
export function capRoutes(routes: readonly Route[], release: KafkaRelease): Route[] {
  return routes.flatMap((route) => {
    const highest = highestVersion(release, route.key)
    const max = Math.min(highest, route.served[1])
    if (max < route.served[0]) return []
    return [
      { ...route, served: [route.served[0], max], advertised: [route.advertised[0], max] } satisfies Route,
    ]
  })
}
