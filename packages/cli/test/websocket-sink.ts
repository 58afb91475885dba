import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** From RFC 6455: what tells a server that knows WebSockets from one that answers anything. */
const PROTOCOL_ID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const CLOSE = 8

/** A WebSocket server that keeps the messages that it gets; as little of the protocol as short ones need. */
export class WebSocketSink implements AsyncDisposable {
  readonly messages: string[] = []
  readonly #server = createServer()
  readonly #sockets = new Set<Duplex>()
  #maxMessages = Number.POSITIVE_INFINITY

  static async start(): Promise<WebSocketSink> {
    const sink = new WebSocketSink()
    sink.#server.on('upgrade', (request, socket: Socket, head: Buffer) => {
      sink.#sockets.add(socket)
      const accepted = createHash('sha1')
        .update(`${request.headers['sec-websocket-key']}${PROTOCOL_ID}`)
        .digest('base64')
      const headers = ['Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accepted}`]
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${headers.join('\r\n')}\r\n\r\n`)
      let received = head
      socket.on('error', () => {})
      socket.on('data', (chunk: Buffer) => {
        received = sink.#take(Buffer.concat([received, chunk]), socket)
      })
    })
    sink.#server.listen(0, 'localhost')
    await once(sink.#server, 'listening')
    return sink
  }

  get url(): string {
    return `ws://localhost:${(this.#server.address() as AddressInfo).port}/`
  }

  /** Cuts a connection off when it has sent so many. */
  cutOffAfter(messages: number): void {
    this.#maxMessages = messages
  }

  /** Cuts every connection off now. */
  cutOff(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cutOff()
    const closed = once(this.#server, 'close')
    this.#server.close()
    await closed
  }

  /** Keeps every whole frame, and gives back the rest. */
  #take(bytes: Buffer, socket: Duplex): Buffer {
    let at = 0
    while (bytes.length - at >= 6 && this.messages.length < this.#maxMessages) {
      const isLong = (bytes.readUInt8(at + 1) & 0x7f) === 126
      const length = isLong ? bytes.readUInt16BE(at + 2) : bytes.readUInt8(at + 1) & 0x7f
      const maskAt = at + (isLong ? 4 : 2)
      const end = maskAt + 4 + length
      if (bytes.length < end) break
      const mask = bytes.subarray(maskAt, maskAt + 4)
      const payload = bytes.subarray(maskAt + 4, end).map((byte, i) => byte ^ (mask[i % 4] ?? 0))
      if ((bytes.readUInt8(at) & 0x0f) === CLOSE) socket.end(Buffer.from([0x80 | CLOSE, 0]))
      else this.messages.push(Buffer.from(payload).toString())
      if (this.messages.length >= this.#maxMessages) socket.destroy()
      at = end
    }
    return bytes.subarray(at)
  }
}
