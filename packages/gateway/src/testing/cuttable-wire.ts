import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** A way to a port of this machine that can be cut. */
export class CuttableWire {
  readonly port: number
  readonly #server: Server
  readonly #sockets: Set<Socket>

  private constructor(port: number, server: Server, sockets: Set<Socket>) {
    this.port = port
    this.#server = server
    this.#sockets = sockets
  }

  static async open(farPort: number): Promise<CuttableWire> {
    const sockets = new Set<Socket>()
    const server = createServer((near) => {
      const far = connect(farPort, '127.0.0.1')
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(from)
        from.pipe(to)
        from.on('error', () => {})
        from.on('close', () => to.destroy())
      }
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    return new CuttableWire(typeof address === 'object' ? (address?.port ?? 0) : 0, server, sockets)
  }

  /** Ends every connection that goes through; new ones may be made. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#sockets.clear()
  }

  close(): void {
    this.#server.close()
    this.cut()
  }
}
