/**
 * The door to the network: byte streams and nothing else. TCP stands behind it in production
 * (tcp-network.ts), plain memory in tests and for programs that keep broker and client in one
 * process (in-memory-network.ts). Framing, order and limits are connection.ts's.
 */

/** Where a listener is bound. */
export interface NetworkAddress {
  readonly host: string
  readonly port: number
}

/** What a stream tells its owner. Every call happens in a turn of its own, never inside a call to the stream. */
export interface StreamReceiver {
  /** Bytes arrived. The chunk belongs to the receiver from here on. */
  onData(chunk: Buffer): void
  /** Everything written so far has left: `unsentBytes` is 0 again after writes had piled up. */
  onDrained(): void
  /** The stream is gone, for whatever reason. Called exactly once, and last. */
  onClosed(): void
}

/** One connection, as bytes. */
export interface ByteStream {
  readonly remoteAddress: string
  readonly remotePort: number
  /** Bytes that have piled up behind a slow peer: `onDrained` follows. 0 while the transport takes what it is given. */
  readonly unsentBytes: number
  /** Must be called once; nothing is delivered before. */
  start(receiver: StreamReceiver): void
  /**
   * Queues the buffers, in order, without copying the large ones. They must not change until `onSent`, which is called
   * when nothing reads them any more; never when the stream fails before.
   */
  write(buffers: readonly Buffer[], onSent?: () => void): void
  /** Stops delivering data, so that the peer is slowed down; `resume` starts again. Both may be repeated. */
  pause(): void
  resume(): void
  /** Sends what is queued, then closes. */
  end(): void
  /** Closes at once; what is queued is lost. */
  destroy(): void
}

/** A bound address. `close` stops accepting; connections that are open stay. */
export interface NetworkListener {
  readonly address: NetworkAddress
  close(): Promise<void>
}

/** The seam itself. */
export interface Network {
  /**
   * Binds `address` (port 0: any free one). Rejects with an error whose `code` is the system's
   * (EADDRINUSE, EADDRNOTAVAIL, ...) when that cannot be done.
   */
  listen(address: NetworkAddress, onConnection: (stream: ByteStream) => void): Promise<NetworkListener>
}
