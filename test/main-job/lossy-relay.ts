/** Stands between clients and a broker, and can swallow one answer: the broker has done it, and nobody is told. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { pipeline, Transform } from 'node:stream'
import { FrameSplitter, produce } from '@millrace/protocol'

const MAX_FRAME_BYTES = 128 * 1024 * 1024
const LENGTH_BYTES = 4

/** Passes every connection on to a broker, which may come and go. */
export class LossyRelay implements AsyncDisposable {
  /** The broker's port, once it has one. Connections made before are refused. */
  targetPort = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #onSwallowed: (() => void) | null = null

  private constructor() {
    this.#server = createServer((client) => this.#relay(client))
  }

  static async start(): Promise<LossyRelay> {
    const relay = new LossyRelay()
    relay.#server.listen(0, 'localhost')
    await once(relay.#server, 'listening')
    return relay
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /**
   * Swallows the next answer to a Produce request, and everything behind it on that connection, which stays open
   * until the broker ends it. Resolves when it has happened: the records are in the log, and their producer waits.
   */
  swallowProduceAnswer(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#onSwallowed = resolve
    return promise
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #relay(client: Socket): void {
    const broker = connect(this.targetPort, 'localhost')
    /** Correlation ids of Produce requests that have no answer yet. */
    const producing = new Set<number>()
    let isSwallowed = false
    const requests = eachFrame((frame) => {
      if (frame.readInt16BE(0) === produce.key) producing.add(frame.readInt32BE(LENGTH_BYTES))
      return true
    })
    const answers = eachFrame((frame) => {
      const isOfProduce = producing.delete(frame.readInt32BE(0))
      if (isOfProduce && this.#onSwallowed !== null) {
        isSwallowed = true
        this.#onSwallowed()
        this.#onSwallowed = null
      }
      return !isSwallowed
    })
    for (const socket of [client, broker]) {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    }
    // A side that ends or fails ends the other one: what a client sees of a broker's death is a connection that closed.
    const end = (): void => {
      client.destroy()
      broker.destroy()
    }
    pipeline(client, requests, broker, end)
    pipeline(broker, answers, client, end)
  }
}

/** A stream of Kafka's frames, without those for which `isPassed` answers false. */
function eachFrame(isPassed: (frame: Buffer) => boolean): Transform {
  const splitter = new FrameSplitter({ maxFrameBytes: MAX_FRAME_BYTES })
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      splitter.push(chunk)
      for (let frame = splitter.next(); frame !== null; frame = splitter.next()) {
        if (!isPassed(frame)) continue
        const length = Buffer.alloc(LENGTH_BYTES)
        length.writeInt32BE(frame.length)
        this.push(length)
        this.push(frame)
      }
      done()
    },
  })
}
