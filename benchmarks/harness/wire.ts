/** A connection without a client around it: what is timed is the broker's work, and a thousand of them cost little. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type Api, decodeResponse, encodeRequest, FrameSplitter } from '@millrace/protocol'

const MAX_FRAME_BYTES = 256 * 1024 * 1024
const CORRELATION_ID_POSITION = 8

export class Wire {
  readonly #socket: Socket
  readonly #frames = new FrameSplitter({ maxFrameBytes: MAX_FRAME_BYTES })
  readonly #waiting: ((frame: Buffer) => void)[] = []
  #correlationId = 0

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#frames.push(chunk)
      for (let frame = this.#frames.next(); frame !== null; frame = this.#frames.next())
        this.#waiting.shift()?.(frame)
    })
  }

  static async open(bootstrap: string): Promise<Wire> {
    const [host = '', port = ''] = bootstrap.split(':')
    const socket = connect({ host, port: Number(port), noDelay: true })
    await once(socket, 'connect')
    return new Wire(socket)
  }

  /** Answers come in the order of the requests. */
  async ask<Q, P, QI, PI>(api: Api<Q, P, QI, PI>, version: number, request: QI): Promise<P> {
    return (await this.timed(api, version, request)).answer
  }

  /** The answer, and how long it took until its last byte; encoding and decoding do not count. */
  async timed<Q, P, QI, PI>(
    api: Api<Q, P, QI, PI>,
    version: number,
    request: QI,
  ): Promise<{ ms: number; answer: P }> {
    // The correlation id is `askRaw`'s to set.
    const bytes = Buffer.concat(encodeRequest(api, version, { correlationId: 0, clientId: 'bench' }, request))
    const startedMs = performance.now()
    const frame = await this.askRaw(bytes)
    const ms = performance.now() - startedMs
    return { ms, answer: decodeResponse(api, version, frame).body }
  }

  /** A whole frame that was encoded before; its correlation id is made anew. Resolves to the frame of the answer. */
  askRaw(bytes: Buffer): Promise<Buffer> {
    bytes.writeInt32BE(++this.#correlationId, CORRELATION_ID_POSITION)
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      this.#socket.write(bytes)
    })
  }

  close(): void {
    this.#socket.destroy()
  }
}

/** Opens so many, a hundred at a time: a listen queue is no longer. */
export async function openWires(bootstrap: string, count: number): Promise<Wire[]> {
  const wires: Wire[] = []
  while (wires.length < count) {
    const batch = Math.min(100, count - wires.length)
    wires.push(...(await Promise.all(Array.from({ length: batch }, () => Wire.open(bootstrap)))))
  }
  return wires
}
