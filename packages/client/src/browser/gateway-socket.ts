/** A message of the gateway. */
export type GatewayMessage = Readonly<Record<string, unknown>> & { readonly type: string }

/** What the owner of a socket is told. */
export interface SocketOwner {
  onMessage(message: GatewayMessage): void
  /** Once, and last. */
  onClosed(closing: Closing): void
}

/** Why a connection ended. */
export interface Closing {
  readonly reason: string
  /** Whether it ended by what was sent over it, which would end the next one too. */
  readonly isOurFault: boolean
}

/** Not text, no UTF-8, too large, and what the gateway cannot understand. */
const CODES_OF_OUR_FAULTS = [1003, 1007, 1009, 4400]

/** One WebSocket to a gateway: JSON in, JSON out. Works in every browser, and in Node. */
export class GatewaySocket {
  readonly #socket: WebSocket
  #isClosed = false

  private constructor(socket: WebSocket, owner: SocketOwner) {
    this.#socket = socket
    socket.onmessage = ({ data }) => owner.onMessage(JSON.parse(String(data)) as GatewayMessage)
    socket.onclose = ({ code, reason }) => {
      this.#isClosed = true
      owner.onClosed({
        reason: reason === '' ? `the connection was closed with ${code}` : reason,
        isOurFault: CODES_OF_OUR_FAULTS.includes(code),
      })
    }
    socket.onerror = () => {}
  }

  /** Rejects when there is no connection. */
  static open(url: string, owner: SocketOwner): Promise<GatewaySocket> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url)
      const opened = new GatewaySocket(socket, {
        onMessage: (message) => owner.onMessage(message),
        onClosed: (closing) => {
          if (isOpen) owner.onClosed(closing)
          else reject(new Error(`no connection to ${url}: ${closing.reason}`))
        },
      })
      let isOpen = false
      socket.onopen = () => {
        isOpen = true
        resolve(opened)
      }
    })
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  send(message: object): void {
    this.#socket.send(JSON.stringify(message))
  }

  close(): void {
    this.#socket.close()
  }
}
