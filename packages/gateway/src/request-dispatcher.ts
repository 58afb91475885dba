import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { GatewayServices } from './gateway-services.ts'
import type { Handler } from './handlers/handler.ts'
import { answerOf, type ErrorAnswer } from './http/error-answer.ts'
import { Exchange } from './http/exchange.ts'
import { badRequest, HttpError } from './http/http-error.ts'
import type { ServerOwner } from './http/http-server.ts'
import { guardRequest } from './http/request-guard.ts'
import { findRoute, type Route } from './http/router.ts'
import { ROUTES } from './routes.ts'
import type { SocketServer } from './websocket/socket-server.ts'

const SOCKET_PATH = '/v1/socket'

const CORS_METHODS = 'GET, HEAD, POST, DELETE'
const CORS_HEADERS = 'content-type, last-event-id'
const CORS_MAX_AGE_SECONDS = '600'

/** Takes each request from the server to its handler, and each error to its answer. */
export class RequestDispatcher implements ServerOwner {
  readonly #services: GatewayServices
  /** Those that were loaded: importing one again would take longer than most of them do. */
  readonly #handlers = new Map<Route<Handler>, Handler>()
  #sockets: Promise<SocketServer> | null = null

  constructor(services: GatewayServices) {
    this.#services = services
  }

  onRequest(request: IncomingMessage, response: ServerResponse): void {
    this.#services.counts.requests++
    response.setHeader('x-content-type-options', 'nosniff')
    // A socket that breaks is told by 'close'; without a listener its error would end the process.
    response.on('error', () => {})
    request.on('error', () => {})
    void this.#answer(request, response)
  }

  onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy())
    void this.#upgrade(request, socket, head).catch((error: unknown) =>
      refuseUpgrade(socket, this.#tell(error)),
    )
  }

  /** Tells every WebSocket that it ends. */
  async close(): Promise<void> {
    ;(await this.#sockets)?.close()
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    guardRequest(sourceOf(request), this.#services.settings.policy)
    const isSocket = request.headers.upgrade?.toLowerCase() === 'websocket'
    if (!isSocket || urlOf(request).pathname !== SOCKET_PATH) {
      throw new HttpError(
        404,
        'NOT_FOUND',
        `WebSockets are at ${SOCKET_PATH}, and no other protocol is spoken`,
      )
    }
    // Refuses while the broker loads.
    await this.#services.client()
    this.#sockets ??= import('./websocket/socket-server.ts').then(
      ({ SocketServer }) => new SocketServer(this.#services),
    )
    const sockets = await this.#sockets
    if (!socket.destroyed) sockets.upgrade(request, socket, head)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let exchange: Exchange | null = null
    try {
      const origin = guardRequest(sourceOf(request), this.#services.settings.policy)
      if (origin !== null) {
        response.setHeader('access-control-allow-origin', origin)
        response.setHeader('vary', 'origin')
      }
      checkCoding(request)
      const url = urlOf(request)
      if (request.method === 'OPTIONS') return answerOptions(response, origin !== null)
      const { params, route } = findRoute(ROUTES, request.method ?? '', url.pathname)
      exchange = new Exchange({ request, response, url, params })
      const handler = this.#handlers.get(route) ?? (await this.#load(route))
      await handler(this.#services, exchange)
    } catch (error) {
      this.#refuse(request, response, this.#tell(error))
    }
  }

  async #load(route: Route<Handler>): Promise<Handler> {
    const handler = await route.load()
    this.#handlers.set(route, handler)
    return handler
  }

  /** What is not the client's fault is told to the operator, and to the client only that it happened. */
  #tell(error: unknown): ErrorAnswer {
    const answer = answerOf(error)
    if (answer !== null) return answer
    this.#services.counts.failedRequests++
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.#services.settings.logger.error({ reason }, 'gateway: a request failed')
    return {
      status: 500,
      code: 'INTERNAL_ERROR',
      message: 'the gateway failed: its log says how',
      headers: {},
    }
  }

  #refuse(request: IncomingMessage, response: ServerResponse, answer: ErrorAnswer): void {
    // An answer that has begun cannot become another one: it is cut off, so that nobody takes it for whole.
    if (response.headersSent) {
      response.destroy()
      return
    }
    const body = Buffer.from(`${JSON.stringify(errorBody(answer))}\n`)
    const isUnread = !request.complete
    response.writeHead(answer.status, {
      ...answer.headers,
      'content-type': 'application/json',
      'content-length': String(body.length),
      ...(isUnread ? { connection: 'close' } : {}),
    })
    response.end(request.method === 'HEAD' ? undefined : body)
    // Whoever goes on to send a body that nobody wants is cut off, after time enough to read why.
    if (isUnread) this.#services.settings.clock.after(1_000, () => request.socket.destroy())
  }
}

/** How errors look in every answer of the gateway. */
export function errorBody({ code, message }: ErrorAnswer): object {
  return { error: { code, message } }
}

function sourceOf({ headers }: IncomingMessage): Parameters<typeof guardRequest>[0] {
  const one = (value: string | string[] | undefined): string | undefined =>
    Array.isArray(value) ? value[0] : value
  return {
    host: headers.host,
    origin: headers.origin,
    fetchSite: one(headers['sec-fetch-site']),
    fetchMode: one(headers['sec-fetch-mode']),
  }
}

/** Where a body of an unknown coding ends nobody can tell, so nothing behind it is read: the connection ends. */
function checkCoding({ headers }: IncomingMessage): void {
  const coding = headers['transfer-encoding']
  if (coding === undefined || coding.toLowerCase() === 'chunked') return
  const message = `the transfer coding ${coding} is not known here`
  throw new HttpError(501, 'NOT_IMPLEMENTED', message, { headers: { connection: 'close' } })
}

/** The path as it was sent: a URL that names another host, as to a proxy, is none for us. */
function urlOf(request: IncomingMessage): URL {
  const target = request.url ?? ''
  const url = target.startsWith('/') ? URL.parse(`http://gateway${target}`) : null
  if (url === null) throw badRequest('the request names no path')
  return url
}

function answerOptions(response: ServerResponse, isForeign: boolean): void {
  const cors = {
    'access-control-allow-methods': CORS_METHODS,
    'access-control-allow-headers': CORS_HEADERS,
    'access-control-max-age': CORS_MAX_AGE_SECONDS,
  }
  response.writeHead(204, { allow: CORS_METHODS, ...(isForeign ? cors : {}) })
  response.end()
}

function refuseUpgrade(socket: Duplex, answer: ErrorAnswer): void {
  const body = `${JSON.stringify(errorBody(answer))}\n`
  const head = [
    `HTTP/1.1 ${answer.status} Refused`,
    'connection: close',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}
