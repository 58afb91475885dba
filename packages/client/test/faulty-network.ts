import { FrameSplitter } from '@millrace/protocol'
import type { BrokerAddress, ByteStream, ByteStreamOwner, Network } from '../src/index.ts'

const MAX_ANSWER_BYTES = 100 * 1024 * 1024

/** What befalls one connection. */
export interface Fault {
  /** The connection is cut when so many bytes have passed, both directions together. */
  readonly cutAfterBytes?: number
  /** Answers stop coming after so many bytes, and nothing tells that they have. */
  readonly silentAfterBytes?: number
  /** Answers come in pieces of so many bytes, each in a turn of its own. */
  readonly pieceBytes?: number
  /**
   * Behind so many bytes the next answer comes twice, as a whole: bytes that stood twice within one could make
   * another good answer of it, and TCP does not do that.
   */
  readonly doubledAfterBytes?: number
  /** Every piece of an answer is on its way for so long, in ms. */
  readonly delayMs?: number
}

/** A network that passes everything on to another one, faults apart. */
export class FaultyNetwork implements Network {
  readonly #inner: Network
  /** Asked for each connection, with its number from 0. */
  fault: (connection: number) => Fault = () => ({})
  connectionCount = 0
  /** While it is, nobody gets through, and every connection is cut. */
  #isDown = false
  readonly #connections = new Set<FaultyConnection>()
  /** Everything that has passed. */
  passedBytes = 0

  constructor(inner: Network) {
    this.#inner = inner
  }

  get isDown(): boolean {
    return this.#isDown
  }

  set isDown(isDown: boolean) {
    this.#isDown = isDown
    if (!isDown) return
    for (const connection of this.#connections) connection.cut()
    this.#connections.clear()
  }

  async connect(address: BrokerAddress, owner: ByteStreamOwner, timeoutMs: number): Promise<ByteStream> {
    if (this.#isDown) throw new Error('the network is down')
    const fault = this.fault(this.connectionCount++)
    const connection = new FaultyConnection(this, fault, owner)
    const stream = await this.#inner.connect(address, connection, timeoutMs)
    this.#connections.add(connection)
    return connection.over(stream)
  }
}

class FaultyConnection implements ByteStreamOwner {
  readonly #network: FaultyNetwork
  readonly #fault: Fault
  readonly #owner: ByteStreamOwner
  #stream: ByteStream | null = null
  #passedBytes = 0
  #isCut = false
  #isDoubled = false
  #delivery: Promise<void> = Promise.resolve()
  readonly #splitter = new FrameSplitter({ maxFrameBytes: MAX_ANSWER_BYTES })

  constructor(network: FaultyNetwork, fault: Fault, owner: ByteStreamOwner) {
    this.#network = network
    this.#fault = fault
    this.#owner = owner
  }

  over(stream: ByteStream): ByteStream {
    this.#stream = stream
    return {
      write: (buffers) => this.#write(Buffer.concat(buffers)),
      close: () => {
        this.#isCut = true
        stream.close()
      },
    }
  }

  onData(chunk: Buffer): void {
    const { silentAfterBytes = Number.POSITIVE_INFINITY, pieceBytes = chunk.length } = this.#fault
    const isWhole = this.#fault.doubledAfterBytes !== undefined
    for (const piece of isWhole ? this.#answers(chunk) : cut(chunk, pieceBytes)) {
      this.#delivery = this.#delivery.then(async () => {
        const { delayMs } = this.#fault
        if (delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, delayMs))
        if (pieceBytes < chunk.length) await new Promise((resolve) => setImmediate(resolve))
        const allowed = this.#pass(piece)
        if (this.#passedBytes <= silentAfterBytes && allowed.length > 0) this.#owner.onData(allowed)
        this.#cutWhenDue()
        this.#doubleWhenDue(allowed)
      })
    }
  }

  /** The whole answers that this chunk ends, each with its length in front. */
  #answers(chunk: Buffer): Buffer[] {
    this.#splitter.push(chunk)
    const answers: Buffer[] = []
    for (let body = this.#splitter.next(); body !== null; body = this.#splitter.next()) {
      const length = Buffer.alloc(4)
      length.writeInt32BE(body.length)
      answers.push(Buffer.concat([length, body]))
    }
    return answers
  }

  onDrain(): void {
    this.#owner.onDrain()
  }

  onClose(error: Error | null): void {
    if (!this.#isCut) this.#owner.onClose(error)
  }

  #write(bytes: Buffer): boolean {
    if (this.#isCut) return true
    const allowed = this.#pass(bytes)
    const result = allowed.length === 0 ? true : (this.#stream?.write([allowed]) ?? true)
    setImmediate(() => this.#cutWhenDue())
    return result
  }

  /** What of the bytes still gets through. */
  #pass(bytes: Buffer): Buffer {
    const { cutAfterBytes = Number.POSITIVE_INFINITY } = this.#fault
    const allowed = bytes.subarray(0, Math.max(0, Math.min(bytes.length, cutAfterBytes - this.#passedBytes)))
    this.#passedBytes += bytes.length
    this.#network.passedBytes += bytes.length
    return this.#isCut ? Buffer.alloc(0) : allowed
  }

  #doubleWhenDue(answer: Buffer): void {
    const { doubledAfterBytes = Number.POSITIVE_INFINITY } = this.#fault
    if (this.#isCut || this.#isDoubled || this.#passedBytes < doubledAfterBytes) return
    this.#isDoubled = true
    this.#owner.onData(Buffer.from(answer))
  }

  #cutWhenDue(): void {
    if (this.#passedBytes >= (this.#fault.cutAfterBytes ?? Number.POSITIVE_INFINITY)) this.cut()
  }

  cut(): void {
    if (this.#isCut) return
    this.#isCut = true
    this.#stream?.close()
    this.#owner.onClose(new Error('the cable was cut'))
  }
}

function cut(chunk: Buffer, pieceBytes: number): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0; at < chunk.length; at += pieceBytes) pieces.push(chunk.subarray(at, at + pieceBytes))
  return pieces
}
