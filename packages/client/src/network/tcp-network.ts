import type { Socket } from 'node:net'
import {
  type BrokerAddress,
  type ByteStream,
  type ByteStreamOwner,
  formatAddress,
  type Network,
} from './network.ts'

/** TCP without delay. `node:net` is loaded with the first connection, to keep the import cheap. */
export function tcpNetwork(): Network {
  return {
    connect: async (address, owner, timeoutMs) => {
      const { connect } = await import('node:net')
      return openSocket(connect({ ...address, noDelay: true, keepAlive: true }), address, owner, timeoutMs)
    },
  }
}

function openSocket(
  socket: Socket,
  address: BrokerAddress,
  owner: ByteStreamOwner,
  timeoutMs: number,
): Promise<ByteStream> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      socket.destroy()
      reject(error)
    }
    socket.setTimeout(timeoutMs, () =>
      fail(new Error(`no connection to ${formatAddress(address)} within ${timeoutMs} ms`)),
    )
    socket.once('error', fail)
    socket.once('connect', () => {
      socket.setTimeout(0)
      socket.removeListener('error', fail)
      resolve(new SocketStream(socket, owner))
    })
  })
}

class SocketStream implements ByteStream {
  readonly #socket: Socket
  #isCorked = false

  constructor(socket: Socket, owner: ByteStreamOwner) {
    this.#socket = socket
    let failure: Error | null = null
    socket.on('data', (chunk: Buffer) => owner.onData(chunk))
    socket.on('drain', () => owner.onDrain())
    socket.on('error', (error) => {
      failure = error
    })
    // A broker that ends its half will not answer any more: half-open connections are of no use here.
    socket.on('end', () => socket.destroy())
    socket.on('close', () => owner.onClose(failure))
  }

  /** Requests of one turn leave in one `writev`. */
  write(buffers: readonly Buffer[]): boolean {
    if (this.#socket.destroyed) return true
    if (!this.#isCorked) {
      this.#isCorked = true
      this.#socket.cork()
      process.nextTick(() => {
        this.#isCorked = false
        this.#socket.uncork()
      })
    }
    for (const buffer of buffers) this.#socket.write(buffer)
    return !this.#socket.writableNeedDrain
  }

  close(): void {
    this.#socket.destroy()
  }
}
