import { strict as assert } from 'node:assert'
import type { ByteStream, Network, NetworkAddress, NetworkListener, StreamReceiver } from './network.ts'

/** Ports that `listen` gives out for port 0 start here, as the ephemeral range of a real machine does. */
const FIRST_EPHEMERAL_PORT = 49152

/**
 * A network inside the process: what one side writes, the other side receives in a later turn, in
 * order. `defer` decides when "later" is (a clock's end of turn, or a simulator's queue). Bytes are
 * copied once, as a kernel would: the broker stamps offsets into what it received, and neither
 * side may see the other's memory change.
 */
export class InMemoryNetwork implements Network {
  readonly #defer: (run: () => void) => void
  readonly #listeners = new Map<string, (stream: ByteStream) => void>()
  #nextPort = FIRST_EPHEMERAL_PORT
  #connectionCount = 0

  constructor(defer: (run: () => void) => void) {
    this.#defer = defer
  }

  async listen(
    address: NetworkAddress,
    onConnection: (stream: ByteStream) => void,
  ): Promise<NetworkListener> {
    const port = address.port === 0 ? this.#nextPort++ : address.port
    const bound = { host: address.host, port }
    if (this.#listeners.has(nameOf(bound))) {
      throw Object.assign(new Error(`address already in use: ${nameOf(bound)}`), { code: 'EADDRINUSE' })
    }
    this.#listeners.set(nameOf(bound), onConnection)
    return {
      address: bound,
      close: async () => {
        this.#listeners.delete(nameOf(bound))
      },
    }
  }

  /** Connects to a listener of this network. Throws ECONNREFUSED when nobody listens there. */
  connect(address: NetworkAddress): ByteStream {
    const onConnection = this.#listeners.get(nameOf(address))
    if (onConnection === undefined) {
      throw Object.assign(new Error(`connection refused: ${nameOf(address)}`), { code: 'ECONNREFUSED' })
    }
    const remotePort = FIRST_EPHEMERAL_PORT + (this.#connectionCount++ % (65536 - FIRST_EPHEMERAL_PORT))
    const client = new InMemoryStream(this.#defer, address.host, address.port)
    const server = new InMemoryStream(this.#defer, 'memory', remotePort)
    client.join(server)
    this.#defer(() => onConnection(server))
    return client
  }
}

function nameOf({ host, port }: NetworkAddress): string {
  return `${host}:${port}`
}

/** One end of a pair. Bytes wait at the receiving end while that end is paused or not started. */
class InMemoryStream implements ByteStream {
  readonly remoteAddress: string
  readonly remotePort: number
  readonly #defer: (run: () => void) => void
  #peer: InMemoryStream | null = null
  #receiver: StreamReceiver | null = null
  #arrived: Buffer[] = []
  #arrivedBytes = 0
  #isPaused = false
  #isDeliveryQueued = false
  /** The peer ended: close once everything that arrived was delivered. */
  #isEnding = false
  #isClosed = false

  constructor(defer: (run: () => void) => void, remoteAddress: string, remotePort: number) {
    this.#defer = defer
    this.remoteAddress = remoteAddress
    this.remotePort = remotePort
  }

  join(peer: InMemoryStream): void {
    assert(this.#peer === null)
    this.#peer = peer
    peer.#peer = this
  }

  get unsentBytes(): number {
    return this.#peer === null ? 0 : this.#peer.#arrivedBytes
  }

  start(receiver: StreamReceiver): void {
    assert(this.#receiver === null, 'a stream is started once')
    this.#receiver = receiver
    this.#queueDelivery()
  }

  write(buffers: readonly Buffer[], onSent?: () => void): void {
    const peer = this.#peer
    if (this.#isClosed || peer === null || peer.#isClosed) return
    const chunk = Buffer.concat(buffers as Buffer[])
    if (chunk.length === 0) return
    peer.#arrived.push(chunk)
    peer.#arrivedBytes += chunk.length
    onSent?.()
    peer.#queueDelivery()
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#queueDelivery()
  }

  end(): void {
    const peer = this.#peer
    if (this.#isClosed || peer === null) return
    peer.#isEnding = true
    peer.#queueDelivery()
  }

  destroy(): void {
    this.#close()
    const peer = this.#peer
    if (peer !== null) {
      peer.#arrived = []
      peer.#arrivedBytes = 0
      peer.#close()
    }
  }

  #close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#defer(() => this.#receiver?.onClosed())
  }

  #queueDelivery(): void {
    if (this.#isDeliveryQueued || this.#isClosed) return
    this.#isDeliveryQueued = true
    this.#defer(() => {
      this.#isDeliveryQueued = false
      this.#deliver()
    })
  }

  #deliver(): void {
    const receiver = this.#receiver
    if (receiver === null) return
    const hadBytes = this.#arrivedBytes > 0
    while (!this.#isPaused && !this.#isClosed) {
      const chunk = this.#arrived.shift()
      if (chunk === undefined) break
      this.#arrivedBytes -= chunk.length
      receiver.onData(chunk)
    }
    if (this.#isClosed || this.#arrivedBytes > 0) return
    const peer = this.#peer
    if (peer === null) return
    if (hadBytes && !peer.#isClosed) peer.#receiver?.onDrained()
    if (this.#isEnding) {
      this.#close()
      peer.#close()
    }
  }
}
