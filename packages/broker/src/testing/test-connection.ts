import { type Api, decodeResponse, encodeRequest, FrameSplitter } from '@millrace/protocol'
import type { ByteStream, StreamReceiver } from '../network/network.ts'

interface Expected {
  readonly correlationId: number
  readonly take: (frame: Buffer) => void
  readonly fail: (error: Error) => void
}

const MAX_FRAME_BYTES = 256 * 1024 * 1024

/** One client connection at the level of the protocol: requests may be pipelined, answers must come in order. */
export class TestConnection implements StreamReceiver {
  readonly #stream: ByteStream
  readonly #splitter = new FrameSplitter({ maxFrameBytes: MAX_FRAME_BYTES })
  readonly #expected: Expected[] = []
  #nextCorrelationId = 1
  /** Whole frames that nobody expected. */
  readonly unexpected: Buffer[] = []
  isClosed = false
  clientId: string | null = 'test'

  constructor(stream: ByteStream) {
    this.#stream = stream
    stream.start(this)
  }

  /** Sends one request; resolves with the body of its answer, rejects when the connection is closed first. */
  request<Response, RequestInput>(
    api: Api<unknown, Response, RequestInput>,
    version: number,
    body: RequestInput,
  ): Promise<Response> {
    const correlationId = this.#nextCorrelationId++
    return new Promise((resolve, reject) => {
      this.#expected.push({
        correlationId,
        take: (frame) => resolve(decodeResponse(api, version, frame).body),
        fail: reject,
      })
      this.#send(encodeRequest(api, version, { correlationId, clientId: this.clientId }, body))
    })
  }

  /** In two pieces, as a network delivers what is large: the broker puts the frame together in memory of its own. */
  #send(buffers: readonly Buffer[]): void {
    const bytes = Buffer.concat(buffers)
    const middle = bytes.length >> 1
    this.#stream.write([bytes.subarray(0, middle)])
    this.#stream.write([bytes.subarray(middle)])
  }

  /** Sends a request that must not be answered. */
  post<RequestInput>(api: Api<unknown, unknown, RequestInput>, version: number, body: RequestInput): void {
    const correlationId = this.#nextCorrelationId++
    this.#stream.write(encodeRequest(api, version, { correlationId, clientId: this.clientId }, body))
  }

  /** Sends bytes as they are; an answer to them lands in `unexpected`. */
  sendRaw(bytes: Buffer): void {
    this.#stream.write([bytes])
  }

  /** Sends bytes as they are and resolves with the answer's frame. */
  exchangeRaw(bytes: Buffer, correlationId: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#expected.push({ correlationId, take: resolve, fail: reject })
      this.#stream.write([bytes])
    })
  }

  /** Stops taking what the broker sends, as a slow reader does. */
  pauseReading(): void {
    this.#stream.pause()
  }

  resumeReading(): void {
    this.#stream.resume()
  }

  close(): void {
    this.#stream.destroy()
  }

  onData(chunk: Buffer): void {
    this.#splitter.push(chunk)
    for (let frame = this.#splitter.next(); frame !== null; frame = this.#splitter.next()) this.#take(frame)
  }

  onDrained(): void {}

  onClosed(): void {
    this.isClosed = true
    for (const { fail } of this.#expected.splice(0)) fail(new Error('the broker closed the connection'))
  }

  /** Invariant C1: the answer to the oldest request, or none of ours. */
  #take(frame: Buffer): void {
    const expected = this.#expected.shift()
    if (expected === undefined) {
      this.unexpected.push(frame)
      return
    }
    const correlationId = frame.readInt32BE(0)
    if (correlationId === expected.correlationId) expected.take(frame)
    else expected.fail(new Error(`answer ${correlationId} came where ${expected.correlationId} was due`))
  }
}
