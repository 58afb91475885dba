/** A message of the gateway. */
export type GatewayMessage = Readonly<Record<string, unknown>> & { readonly type: string }

/** What the owner of a socket is told. */
export interface SocketOwner {
  onMessage(message: GatewayMessage): void
  /** Once, and last. */
  onClosed(reason: string): void
}

/** One WebSocket to a gateway: JSON in, JSON out. Works in every browser, and in Node. */
export class GatewaySocket {
  readonly #socket: WebSocket
  #isClosed = false

  private constructor(socket: WebSocket, owner: SocketOwner) {
    this.#socket = socket
    socket.onmessage = ({ data }) => owner.onMessage(JSON.parse(String(data)) as GatewayMessage)
    socket.onclose = ({ code, reason }) => {
      this.#isClosed = true
      owner.onClosed(reason === '' ? `the connection was closed with ${code}` : reason)
    }
    socket.onerror = () => {}
  }

  /** Rejects when there is no connection. */
  static open(url: string, owner: SocketOwner): Promise<GatewaySocket> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url)
      const opened = new GatewaySocket(socket, {
        onMessage: (message) => owner.onMessage(message),
        onClosed: (reason) => {
          if (isOpen) owner.onClosed(reason)
          else reject(new Error(`no connection to ${url}: ${reason}`))
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
