import {
  type Api,
  apiByKey,
  apiVersions,
  ByteReader,
  decodeRequestHeader,
  encodeResponse,
  FrameSplitter,
} from '@millrace/protocol'
import type { BrokerAddress, ByteStream, ByteStreamOwner, Network } from '../src/network/network.ts'

/** One request as the fake broker got it. */
export interface SeenRequest {
  readonly api: string
  readonly version: number
  readonly correlationId: number
  readonly connection: FakeConnection
  // Each handler knows the shape of its own API: the test reads the fields that it needs.
  // biome-ignore lint/suspicious/noExplicitAny: the body's type depends on the API's name at run time
  readonly body: any
}

/** What a handler gives: a body to encode, raw bytes of a frame body, or nothing at all. */
export type Answer = object | Buffer | null
export type Handler = (request: SeenRequest) => Answer | Promise<Answer>

/** The versions that a fake broker offers unless told otherwise. */
const DEFAULT_RANGES: Readonly<Record<number, readonly [number, number]>> = {
  0: [0, 11],
  1: [4, 17],
  2: [0, 10],
  3: [0, 12],
  8: [2, 9],
  9: [1, 9],
  10: [0, 6],
  11: [0, 9],
  12: [0, 4],
  13: [0, 5],
  14: [0, 5],
  15: [0, 6],
  16: [0, 5],
  18: [0, 4],
  19: [2, 7],
  20: [1, 6],
  22: [0, 5],
  23: [2, 4],
  32: [1, 4],
  42: [0, 2],
  60: [0, 1],
}

/** A broker of the test, in memory: it answers by handlers, and can lie. */
export class FakeBroker implements Network {
  readonly requests: SeenRequest[] = []
  readonly connections: FakeConnection[] = []
  readonly handlers: Record<string, Handler>
  /** Refuses new connections while true. */
  isDown = false
  ranges: Readonly<Record<number, readonly [number, number]>> = DEFAULT_RANGES

  constructor(handlers: Record<string, Handler> = {}) {
    this.handlers = handlers
  }

  async connect(address: BrokerAddress, owner: ByteStreamOwner): Promise<ByteStream> {
    await new Promise<void>((resolve) => setImmediate(resolve))
    if (this.isDown) throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
    const connection = new FakeConnection(this, address, owner)
    this.connections.push(connection)
    return connection
  }

  /** How often this API was asked. */
  count(api: string): number {
    return this.requests.filter((request) => request.api === api).length
  }

  /** Cuts every open connection. */
  cut(): void {
    for (const connection of this.connections) connection.cut()
  }

  async answer(request: SeenRequest): Promise<Answer> {
    const handler = this.handlers[request.api]
    if (handler !== undefined) return handler(request)
    if (request.api === 'ApiVersions') return { errorCode: 0, apiKeys: this.apiKeys() }
    throw new Error(`the fake broker has no handler for ${request.api}`)
  }

  apiKeys(): { apiKey: number; minVersion: number; maxVersion: number }[] {
    return Object.entries(this.ranges).map(([key, [minVersion, maxVersion]]) => ({
      apiKey: Number(key),
      minVersion,
      maxVersion,
    }))
  }
}

/** The broker's end of one connection. */
export class FakeConnection implements ByteStream {
  readonly address: BrokerAddress
  readonly #broker: FakeBroker
  readonly #owner: ByteStreamOwner
  readonly #splitter = new FrameSplitter({ maxFrameBytes: 2 ** 28 })
  #queue: Promise<void> = Promise.resolve()
  #isOpen = true

  constructor(broker: FakeBroker, address: BrokerAddress, owner: ByteStreamOwner) {
    this.#broker = broker
    this.address = address
    this.#owner = owner
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  write(buffers: readonly Buffer[]): boolean {
    this.#splitter.push(Buffer.concat(buffers))
    for (let frame = this.#splitter.next(); frame !== null; frame = this.#splitter.next()) this.#handle(frame)
    return true
  }

  close(): void {
    this.#isOpen = false
  }

  /** The broker ends the connection. */
  cut(error: Error | null = null): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#owner.onClose(error)
  }

  /** Sends bytes as they are. */
  sendRaw(bytes: Buffer): void {
    if (this.#isOpen) this.#owner.onData(bytes)
  }

  #handle(frame: Buffer): void {
    const reader = new ByteReader(frame)
    const { apiKey, apiVersion: version, correlationId } = decodeRequestHeader(reader)
    const api = apiByKey(apiKey)
    if (api === undefined) throw new Error(`unknown api ${apiKey}`)
    const body = api.request(version).decode(reader)
    const request: SeenRequest = { api: api.name, version, correlationId, connection: this, body }
    this.#broker.requests.push(request)
    // Requests of one connection are answered one after the other, as a broker does.
    this.#queue = this.#queue.then(async () => this.#send(api, request, await this.#broker.answer(request)))
  }

  #send(api: Api, { version, correlationId }: SeenRequest, answer: Answer): void {
    if (answer === null || !this.#isOpen) return
    if (Buffer.isBuffer(answer)) {
      const head = Buffer.alloc(8)
      head.writeInt32BE(answer.length + 4)
      head.writeInt32BE(correlationId, 4)
      this.sendRaw(Buffer.concat([head, answer]))
      return
    }
    const isOldVersion = api.key === apiVersions.key && 'errorCode' in answer && answer.errorCode === 35
    // The handlers are written for the API that they answer: `never` is all that is known here.
    const frames = encodeResponse(api, isOldVersion ? 0 : version, correlationId, answer as never)
    this.sendRaw(Buffer.concat(frames))
  }
}
