import { strict as assert } from 'node:assert'
import {
  apiVersions,
  ByteReader,
  decodeRequestHeader,
  ErrorCode,
  encodeResponse,
  fetch,
  type RequestHeader,
  WireError,
} from '@millrace/protocol'
import type { BrokerServices } from '../broker-services.ts'
import { CloseConnectionError, type RequestContext } from '../handlers/handler.ts'
import type { Connection, Routed } from './connection.ts'
import type { Exchange } from './exchange-queue.ts'
import type { Route } from './route.ts'

/** Where a request came from. */
export interface RequestOrigin {
  readonly connection: Connection
  readonly exchange: Exchange
}

/** Finds the handler of a request by its key and version. */
export class RequestRouter {
  readonly #byKey = new Map<number, Route>()

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      assert(!this.#byKey.has(route.key), `${route.name} is routed twice`)
      this.#byKey.set(route.key, route)
    }
    assert(this.#byKey.has(apiVersions.key), 'a client cannot begin without ApiVersions')
  }

  /**
   * Runs one request. An unknown API and a version that is not served throw a CloseConnectionError,
   * as in Kafka (trap 30), ApiVersions apart (trap 1b).
   */
  dispatch(services: BrokerServices, frame: Buffer, { connection, exchange }: RequestOrigin): Routed {
    const reader = new ByteReader(frame)
    const header = readHeader(reader)
    const route = this.#byKey.get(header.apiKey)
    const isServed =
      route !== undefined && header.apiVersion >= route.served[0] && header.apiVersion <= route.served[1]
    if (!isServed) return this.#refuse(header, route)
    connection.clientId = header.clientId
    const context = new Request(header, connection, exchange)
    const room = header.apiKey === fetch.key ? services.replyBudget.waitForRoom(connection) : null
    if (room === null) return route.run(services, context, header.correlationId, reader)
    // Nobody is there to answer any more when the connection was closed for holding too much.
    return room.then(() =>
      connection.isClosed ? null : route.run(services, context, header.correlationId, reader),
    )
  }

  #refuse(header: RequestHeader, route: Route | undefined): Buffer[] {
    if (route === undefined) throw new CloseConnectionError(`API key ${header.apiKey} is not served`)
    if (route.key !== apiVersions.key) {
      throw new CloseConnectionError(`${route.name} v${header.apiVersion} is not served`)
    }
    // Trap 1b: in the form that every client can read, and telling what to try again with.
    const [minVersion, maxVersion] = route.advertised
    return encodeResponse(apiVersions, 0, header.correlationId, {
      errorCode: ErrorCode.UNSUPPORTED_VERSION,
      apiKeys: [{ apiKey: apiVersions.key, minVersion, maxVersion }],
    })
  }
}

function readHeader(reader: ByteReader): RequestHeader {
  try {
    return decodeRequestHeader(reader)
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause
    throw new CloseConnectionError(`request header cannot be read: ${cause.message}`, { cause })
  }
}

class Request implements RequestContext {
  readonly apiVersion: number
  readonly clientId: string | null
  readonly connection: Connection
  readonly receivedAtMs: number
  readonly #exchange: Exchange

  constructor(header: RequestHeader, connection: Connection, exchange: Exchange) {
    this.apiVersion = header.apiVersion
    this.clientId = header.clientId
    this.connection = connection
    this.receivedAtMs = connection.lastActiveMs
    this.#exchange = exchange
  }

  get sizeBytes(): number {
    return this.#exchange.requestBytes
  }

  whenSent(run: () => void): void {
    this.#exchange.onSent = run
  }

  isClosed(): boolean {
    return this.connection.isClosed
  }
}
