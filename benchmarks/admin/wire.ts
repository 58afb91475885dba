/** One connection that speaks the protocol without a client around it, so that what is timed is the broker's work. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type Api, decodeResponse, encodeRequest, FrameSplitter } from '@millrace/protocol'

const MAX_FRAME_BYTES = 256 * 1024 * 1024

export class Wire {
  readonly #socket: Socket
  readonly #frames = new FrameSplitter({ maxFrameBytes: MAX_FRAME_BYTES })
  #waiting: ((frame: Buffer) => void) | null = null
  #correlationId = 0

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#frames.push(chunk)
      for (let frame = this.#frames.next(); frame !== null; frame = this.#frames.next())
        this.#waiting?.(frame)
    })
  }

  static async open(bootstrap: string): Promise<Wire> {
    const [host = '', port = ''] = bootstrap.split(':')
    const socket = connect({ host, port: Number(port), noDelay: true })
    await once(socket, 'connect')
    return new Wire(socket)
  }

  /** How long the answer took until its last byte, and the answer. One request at a time. */
  async timed<Q, P, QI, PI>(
    api: Api<Q, P, QI, PI>,
    version: number,
    request: QI,
  ): Promise<{ ms: number; answer: P }> {
    const correlationId = ++this.#correlationId
    const bytes = Buffer.concat(encodeRequest(api, version, { correlationId, clientId: 'bench' }, request))
    const { promise, resolve } = Promise.withResolvers<Buffer>()
    this.#waiting = resolve
    const startedMs = performance.now()
    this.#socket.write(bytes)
    const frame = await promise
    const ms = performance.now() - startedMs
    return { ms, answer: decodeResponse(api, version, frame).body }
  }

  close(): void {
    this.#socket.destroy()
  }
}
