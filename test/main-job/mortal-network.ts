/** TCP that can die with its process: every listener and connection gone in one turn, nothing said on the way. */
import { type ByteStream, type Network, type NetworkListener, tcpNetwork } from '@millrace/broker'

export class MortalNetwork implements Network {
  readonly #network = tcpNetwork()
  readonly #listeners = new Set<NetworkListener>()
  readonly #streams = new Set<ByteStream>()
  #isDead = false

  async listen(
    address: { host: string; port: number },
    onConnection: (stream: ByteStream) => void,
  ): Promise<NetworkListener> {
    const listener = await this.#network.listen(address, (stream) => {
      if (this.#isDead) return stream.destroy()
      this.#streams.add(stream)
      onConnection(stream)
    })
    this.#listeners.add(listener)
    return listener
  }

  /** Resolves when the ports are free again. */
  async die(): Promise<void> {
    this.#isDead = true
    for (const stream of this.#streams) stream.destroy()
    await Promise.all([...this.#listeners].map((listener) => listener.close()))
  }
}
