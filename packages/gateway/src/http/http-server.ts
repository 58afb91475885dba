import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { GatewaySettings } from '../gateway-options.ts'

/** What the server hands on. */
export interface ServerOwner {
  onRequest(request: IncomingMessage, response: ServerResponse): void
  /** A request to become a WebSocket. */
  onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
}

/** How often another free port is tried when the second loopback address has the first one's port taken. */
const MAX_PORT_TRIES = 20
/** How often connections are looked at that take long with their headers. */
const CHECK_INTERVAL_MS = 2_000

/** Bare `node:http` on every address of one host. */
export class HttpServer {
  readonly port: number
  readonly #servers: readonly Server[]
  readonly #sockets: ReadonlySet<Socket>

  private constructor(port: number, servers: readonly Server[], sockets: ReadonlySet<Socket>) {
    this.port = port
    this.#servers = servers
    this.#sockets = sockets
  }

  /** Binds. Rejects with the system's error (EADDRINUSE, ...) when that cannot be done. */
  static async open(settings: GatewaySettings, owner: ServerOwner): Promise<HttpServer> {
    const [first = 'localhost', ...others] =
      settings.host === 'localhost' ? ['127.0.0.1', '::1'] : [settings.host]
    const sockets = new Set<Socket>()
    for (let attempt = 1; ; attempt++) {
      const servers = [makeServer(settings, owner, sockets)]
      const port = await listen(servers[0], first, settings.port)
      const failure = await listenAlso(others, port, () => {
        const server = makeServer(settings, owner, sockets)
        servers.push(server)
        return server
      })
      if (failure === null) return new HttpServer(port, servers, sockets)
      for (const server of servers) server.close()
      if (settings.port !== 0 || attempt === MAX_PORT_TRIES) throw failure.error
    }
  }

  get connectionCount(): number {
    return this.#sockets.size
  }

  /** Accepts nothing more and lets idle connections go. Resolves when all are closed. */
  async close(): Promise<void> {
    await Promise.all(
      this.#servers.map(
        (server) =>
          new Promise<void>((resolve) => {
            server.close(() => resolve())
            server.closeIdleConnections()
          }),
      ),
    )
  }

  /** Cuts off what is still open. */
  destroyConnections(): void {
    for (const socket of this.#sockets) socket.destroy()
  }
}

function makeServer({ limits }: GatewaySettings, owner: ServerOwner, sockets: Set<Socket>): Server {
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

function listen(server: Server | undefined, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server?.once('error', reject)
    server?.listen({ host, port }, () => {
      server.removeListener('error', reject)
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}

/** An address family that the machine lacks is no failure; a port that is taken is. */
async function listenAlso(
  hosts: readonly string[],
  port: number,
  make: () => Server,
): Promise<{ readonly error: unknown } | null> {
  for (const host of hosts) {
    try {
      await listen(make(), host, port)
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : ''
      if (code !== 'EADDRNOTAVAIL' && code !== 'EAFNOSUPPORT' && code !== 'EINVAL') return { error }
    }
  }
  return null
}
