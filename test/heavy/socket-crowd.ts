/** Many raw connections to one broker: what they send and read is up to the test. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** So many connect at a time: more would only wait in the listener's queue. */
const WAVE = 100

export class SocketCrowd implements AsyncDisposable {
  readonly sockets: Socket[] = []

  /** Opens `count` connections, and sends `bytes` on each as soon as it stands. */
  static async open(port: number, count: number, bytes?: Buffer): Promise<SocketCrowd> {
    const crowd = new SocketCrowd()
    while (crowd.sockets.length < count) {
      const wave = Array.from({ length: Math.min(WAVE, count - crowd.sockets.length) }, () =>
        connect({ port, host: '127.0.0.1' }),
      )
      await Promise.all(wave.map((socket) => once(socket, 'connect')))
      for (const socket of wave) {
        // The broker may close what makes no progress.
        socket.on('error', () => {})
        if (bytes !== undefined) socket.write(bytes)
      }
      crowd.sockets.push(...wave)
    }
    return crowd
  }

  get openCount(): number {
    return this.sockets.filter(({ closed, destroyed }) => !closed && !destroyed).length
  }

  /** Reads the first bytes that come on each connection. */
  async firstAnswers(): Promise<void> {
    await Promise.all(this.sockets.map((socket) => once(socket, 'data')))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.sockets.map(async (socket) => {
        if (socket.closed) return
        const closed = once(socket, 'close')
        socket.destroy()
        await closed
      }),
    )
  }
}
