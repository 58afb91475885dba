import type { Broker } from '@millrace/broker'
import type { Network } from '@millrace/client'

/** The client's way to the broker beside it: bytes in memory instead of a socket. */
export function inProcessNetwork(broker: Broker): Network {
  return {
    connect: async (address, owner) => {
      const stream = broker.connect(address)
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
