import { strict as assert } from 'node:assert'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { bindHost, type NetworkAddress, type NetworkListener } from '@millrace/broker'
import type { GatewaySettings } from '../gateway-options.ts'

/** What the server hands on. */
export interface ServerOwner {
  onRequest(request: IncomingMessage, response: ServerResponse): void
  /** A request to become a WebSocket. */
  onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
}

/** How often connections are looked at that take long with their headers. */
const CHECK_INTERVAL_MS = 2_000

/** Bare `node:http` on every address of one host. */
export class HttpServer {
  readonly port: number
  readonly #servers: readonly NetworkListener[]
  readonly #sockets: ReadonlySet<Socket>

  private constructor(servers: readonly NetworkListener[], sockets: ReadonlySet<Socket>) {
    const [first] = servers
    assert(first !== undefined)
    this.port = first.address.port
    this.#servers = servers
    this.#sockets = sockets
  }

  /** Binds. Rejects with the system's error (EADDRINUSE, ...) when that cannot be done. */
  static async open(settings: GatewaySettings, owner: ServerOwner): Promise<HttpServer> {
    const sockets = new Set<Socket>()
    const servers = await bindHost(settings, (address) => bind(makeServer(settings, owner, sockets), address))
    return new HttpServer(servers, sockets)
  }

  get connectionCount(): number {
    return this.#sockets.size
  }

  /** Accepts nothing more and lets idle connections go. Resolves when all are closed. */
  async close(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.close()))
  }

  /** Cuts off what is still open. */
  destroyConnections(): void {
    for (const socket of this.#sockets) socket.destroy()
  }
}

function makeServer({ limits }: GatewaySettings, owner: ServerOwner, sockets: Set<Socket>): Server {
  // Not imported: for the names of a module Node 24 evaluates `WebSocket` and others of it, which loads all of its fetch:
  // 11 MB and 10 ms that nobody needs here.
  const { createServer } = process.getBuiltinModule('node:http')
  const server = createServer({
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headersTimeoutMs,
    // Bodies may be endless streams: body.ts watches over each.
    requestTimeout: 0,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: CHECK_INTERVAL_MS,
    noDelay: true,
    keepAlive: true,
  })
  server.on('connection', (socket) => {
    if (sockets.size >= limits.maxConnections) {
      socket.destroy()
      return
    }
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('request', (request, response) => owner.onRequest(request, response))
  server.on('upgrade', (request, socket, head) => owner.onUpgrade(request, socket, head))
  server.on('clientError', refuseBytes)
  return server
}

/** Bytes that are no request, or too many of them, or too slow. */
function refuseBytes(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const status =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : '400 Bad Request'
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
}

function bind(server: Server, { host, port }: NetworkAddress): Promise<NetworkListener> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => {
      server.removeListener('error', reject)
      const address = server.address()
      assert(typeof address === 'object' && address !== null)
      resolve({ address: { host, port: address.port }, close: () => closeServer(server) })
    })
  })
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
  })
}
