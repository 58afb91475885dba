import type { Socket } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import {
  type BrokerAddress,
  type ByteStream,
  type ByteStreamOwner,
  formatAddress,
  type Network,
} from './network.ts'

/** What may be said about TLS: options of `node:tls`, `ca`, `cert` and `key` as PEM. */
export type TlsOptions = Pick<
  ConnectionOptions,
  | 'ca'
  | 'cert'
  | 'key'
  | 'passphrase'
  | 'servername'
  | 'rejectUnauthorized'
  | 'minVersion'
  | 'checkServerIdentity'
>

/**
 * TCP without delay, with TLS when `tls` is given. The modules behind it are loaded with the first
 * connection, to keep the import cheap.
 */
export function tcpNetwork(tls: TlsOptions | null = null): Network {
  return {
    connect: async (address, owner, timeoutMs) => {
      if (tls !== null) {
        const [{ connect }, { isIP }] = await Promise.all([import('node:tls'), import('node:net')])
        // A name for the server to choose its certificate by; an address is none (RFC 6066).
        const name = isIP(address.host) === 0 ? { servername: address.host } : {}
        const socket = connect({ ...address, ...name, ...tls })
        socket.setNoDelay(true)
        return openSocket(socket, 'secureConnect', address, owner, timeoutMs)
      }
      const { connect } = await import('node:net')
      const socket = connect({ ...address, noDelay: true, keepAlive: true })
      return openSocket(socket, 'connect', address, owner, timeoutMs)
    },
  }
}

function openSocket(
  socket: Socket,
  readyEvent: 'connect' | 'secureConnect',
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
    socket.once(readyEvent, () => {
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
