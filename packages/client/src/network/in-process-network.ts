import type { BrokerAddress, Network } from './network.ts'

/** One end of a byte stream in memory, as a broker in the same process hands it out. */
export interface InProcessStream {
  /** Bytes that the other end has not taken yet. */
  readonly unsentBytes: number
  /** Called once; nothing is delivered before. */
  start(receiver: { onData(chunk: Buffer): void; onDrained(): void; onClosed(): void }): void
  write(buffers: readonly Buffer[]): void
  destroy(): void
}

/** What a broker in the same process offers instead of a port: `Broker` of @millrace/broker does. */
export interface InProcessPort {
  /** Throws when `address` is none of the broker's. */
  connect(address: BrokerAddress): InProcessStream
}

/** The way to a broker beside the client: bytes in memory instead of a socket. */
export function inProcessNetwork(port: InProcessPort): Network {
  return {
    connect: async ({ host, port: portNumber }, owner) => {
      const stream = port.connect({ host, port: portNumber })
      stream.start({
        onData: (chunk) => owner.onData(chunk),
        onDrained: () => owner.onDrain(),
        onClosed: () => owner.onClose(null),
      })
      return {
        write: (buffers) => {
          stream.write(buffers)
          return stream.unsentBytes === 0
        },
        close: () => stream.destroy(),
      }
    },
  }
}
