import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { GatewayServices } from '../gateway-services.ts'
import { HttpError } from '../http/http-error.ts'
import { FeedRegistry } from '../listen/feed-registry.ts'
import type { Timer } from '../time/clock.ts'
import { CloseCode } from './close-code.ts'
import { SocketSession } from './socket-session.ts'

/** All WebSockets. Loaded, with ws, when the first one is asked for. */
export class SocketServer {
  readonly #services: GatewayServices
  readonly #server: WebSocketServer
  readonly #feeds: FeedRegistry
  readonly #sessions = new Set<SocketSession>()
  #timer: Timer | null = null

  constructor(services: GatewayServices) {
    const { maxMessageBytes } = services.settings.limits
    this.#services = services
    this.#feeds = new FeedRegistry(services)
    // Without compression: a deflate context for each connection takes more memory than all the rest of it.
    this.#server = new WebSocketServer({
      noServer: true,
      maxPayload: maxMessageBytes,
      perMessageDeflate: false,
    })
    this.#scheduleCheck()
  }

  /** Turns a request into a WebSocket. Throws 503 when there are too many. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#sessions.size >= this.#services.settings.limits.maxWebSockets) {
      throw new HttpError(503, 'TOO_MANY_WEBSOCKETS', 'there are as many WebSockets as there may be')
    }
    this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#open(webSocket, socket))
  }

  close(): void {
    this.#timer?.cancel()
    for (const session of this.#sessions) session.close(CloseCode.goingAway, 'the gateway ends')
    this.#server.close()
  }

  #open(webSocket: WebSocket, stream: Duplex): void {
    const session = new SocketSession(this.#services, webSocket, stream, this.#feeds)
    const { counts } = this.#services
    this.#sessions.add(session)
    counts.webSockets++
    webSocket.on('close', () => {
      this.#sessions.delete(session)
      counts.webSockets--
    })
  }

  #scheduleCheck(): void {
    const { clock, limits } = this.#services.settings
    this.#timer = clock.after(limits.heartbeatMs, () => {
      for (const session of this.#sessions) session.checkAlive()
      this.#scheduleCheck()
    })
  }
}
