/** The raw wire: bytes out, bytes back, and well-formed requests one at a time. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type Api, decodeResponse, encodeRequest, FrameSplitter } from '@millrace/protocol'

const ANSWER_TIMEOUT_MS = 10_000

export interface RawAnswer {
  readonly received: Buffer
  /** Whether the peer ended the connection (else it kept it open until we had waited long enough). */
  readonly isClosed: boolean
}

/**
 * Sends bytes as they are and collects what comes back until the peer closes, or for `patienceMs`; with
 * `untilAnswered` only until the first bytes.
 */
export async function sendRaw(
  port: number,
  bytes: Buffer,
  { patienceMs = 10_000, untilAnswered = false } = {},
): Promise<RawAnswer> {
  const socket = connect(port, 'localhost')
  await once(socket, 'connect')
  const received: Buffer[] = []
  socket.on('data', (chunk: Buffer) => received.push(chunk))
  socket.on('error', () => {})
  const closed = once(socket, 'close').then(() => true)
  socket.write(bytes)
  const timer = Promise.withResolvers<boolean>()
  const timeout = setTimeout(() => timer.resolve(false), patienceMs)
  if (untilAnswered) socket.once('data', () => timer.resolve(false))
  const isClosed = await Promise.race([closed, timer.promise])
  clearTimeout(timeout)
  socket.destroy()
  return { received: Buffer.concat(received), isClosed }
}

/** A frame with its four length bytes in front. */
export function framed(body: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(body.length)
  return Buffer.concat([length, body])
}

/** A request header v1 (or v2 with its empty tags), as hostile bodies want one that is right. */
export function requestHead(apiKey: number, apiVersion: number, { isFlexible = false } = {}): Buffer {
  const head = Buffer.alloc(isFlexible ? 16 : 15)
  head.writeInt16BE(apiKey, 0)
  head.writeInt16BE(apiVersion, 2)
  head.writeInt32BE(7, 4)
  head.writeInt16BE(5, 8)
  head.write('tests', 10)
  return head
}

/** One connection that sends a request and waits for its answer. */
export class WireClient implements AsyncDisposable {
  readonly #socket: Socket
  readonly #clientId: string
  readonly #splitter = new FrameSplitter({ maxFrameBytes: 64 * 1024 * 1024 })
  #correlationId = 0
  /** Told of the next bytes, and of the end. */
  #wake = (): void => {}

  private constructor(socket: Socket, clientId: string) {
    this.#socket = socket
    this.#clientId = clientId
    socket.on('data', (chunk: Buffer) => {
      this.#splitter.push(chunk)
      this.#wake()
    })
    socket.on('error', () => {})
    socket.on('close', () => this.#wake())
  }

  static async connect(port: number, clientId = 'tests'): Promise<WireClient> {
    const socket = connect(port, 'localhost')
    await once(socket, 'connect')
    return new WireClient(socket, clientId)
  }

  async ask<Response, RequestInput>(
    api: Api<unknown, Response, RequestInput>,
    version: number,
    body: RequestInput,
  ): Promise<Response> {
    this.#correlationId += 1
    const origin = { correlationId: this.#correlationId, clientId: this.#clientId }
    for (const part of encodeRequest(api, version, origin, body)) this.#socket.write(part)
    const frame = await this.#nextFrame()
    return decodeResponse(api, version, frame).body
  }

  async #nextFrame(): Promise<Buffer> {
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      this.#wake()
    }, ANSWER_TIMEOUT_MS)
    try {
      for (;;) {
        const frame = this.#splitter.next()
        if (frame !== null) return frame
        if (this.#socket.closed) throw new Error('the broker closed the connection')
        if (isLate) throw new Error(`no answer within ${ANSWER_TIMEOUT_MS} ms`)
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    } finally {
      clearTimeout(timer)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy()
  }
}
