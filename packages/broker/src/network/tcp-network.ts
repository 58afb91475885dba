import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { ByteStream, Network, NetworkAddress, NetworkListener, StreamReceiver } from './network.ts'

/**
 * Replies up to this size leave as one copied buffer: below it a copy (about 1 us) is cheaper than
 * a vectored write, which costs a request object and an array per part. Above it nothing is copied.
 */
const COPY_BELOW_BYTES = 8 * 1024

/** TCP over `node:net`. */
export function tcpNetwork(): Network {
  return {
    listen: (address, onConnection) => listen(address, onConnection),
  }
}

async function listen(
  address: NetworkAddress,
  onConnection: (stream: ByteStream) => void,
): Promise<NetworkListener> {
  const server = createServer({ noDelay: true, keepAlive: true }, (socket) => {
    onConnection(new TcpStream(socket))
  })
  await bind(server, address)
  const bound = server.address() as AddressInfo
  return {
    address: { host: address.host, port: bound.port },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
      }),
  }
}

function bind(server: Server, { host, port }: NetworkAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    // ipv6Only: `::1` and `::` must not take the IPv4 address of the same port as well.
    server.listen({ host, port, ipv6Only: true, backlog: 1024 }, () => {
      server.off('error', reject)
      // Later errors are failed accepts (EMFILE): that connection is lost, the listener is not.
      server.on('error', () => {})
      resolve()
    })
  })
}

class TcpStream implements ByteStream {
  readonly remoteAddress: string
  readonly remotePort: number
  readonly #socket: Socket

  constructor(socket: Socket) {
    this.#socket = socket
    this.remoteAddress = socket.remoteAddress ?? 'unknown'
    this.remotePort = socket.remotePort ?? 0
    // Without a listener a reset would be thrown; 'close' follows and says all that is needed.
    socket.on('error', () => {})
  }

  get unsentBytes(): number {
    return this.#socket.writableNeedDrain ? this.#socket.writableLength : 0
  }

  start(receiver: StreamReceiver): void {
    this.#socket.on('data', (chunk) => receiver.onData(chunk))
    this.#socket.on('drain', () => receiver.onDrained())
    this.#socket.on('close', () => receiver.onClosed())
  }

  write(buffers: readonly Buffer[], onSent?: () => void): void {
    const socket = this.#socket
    const last = buffers.at(-1)
    if (!socket.writable || last === undefined) return
    const done = onSent === undefined ? undefined : callWithoutError(onSent)
    if (buffers.length === 1) {
      socket.write(last, done)
      return
    }
    let sizeBytes = 0
    for (const buffer of buffers) sizeBytes += buffer.length
    if (sizeBytes <= COPY_BELOW_BYTES) {
      socket.write(Buffer.concat(buffers as Buffer[], sizeBytes), done)
      return
    }
    socket.cork()
    for (let index = 0; index < buffers.length - 1; index++) socket.write(buffers[index] ?? '')
    socket.write(last, done)
    socket.uncork()
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }
}

/** After an error the kernel may still be reading: then the memory is left to the garbage collector. */
function callWithoutError(onSent: () => void): (error?: Error | null) => void {
  return (error) => {
    if (error === undefined || error === null) onSent()
  }
}
