/** Where a broker listens. */
export interface BrokerAddress {
  readonly host: string
  readonly port: number
}

/** What the owner of a byte stream is told. `onClose` comes exactly once and is the last call. */
export interface ByteStreamOwner {
  onData(chunk: Buffer): void
  /** After a `write` that returned false: everything has been handed to the system. */
  onDrain(): void
  onClose(error: Error | null): void
}

/** One open connection: bytes in both directions, nothing about what they mean. */
export interface ByteStream {
  /** Takes the buffers over: they must not change any more. False asks to wait for `onDrain`. */
  write(buffers: readonly Buffer[]): boolean
  /** Ends the connection at once. Idempotent. */
  close(): void
}

/** The only door to the network. A broker in the same process hands out streams in memory. */
export interface Network {
  /** Rejects when there is no connection within `timeoutMs`. */
  connect(address: BrokerAddress, owner: ByteStreamOwner, timeoutMs: number): Promise<ByteStream>
}

/** `host:port`, with brackets around an IPv6 host. */
export function formatAddress({ host, port }: BrokerAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
