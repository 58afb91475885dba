/**
 * A WebSocket that listens, with as little work as there can be: a thousand of ws would keep the core busy that they share
 * with the broker.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

const HANDSHAKE =
  'GET /v1/socket HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: upgrade\r\n' +
  'sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'
const HEAD_END = '\r\n\r\n'
/** `H` of the answer to the handshake: no message begins so. */
const HANDSHAKE_ANSWER = 0x48
const TEXT = 0x81
const PING = 0x89
const CLOSE = 0x88
/** Masked, as a client has to, with zeros, which change nothing: no payload, no work. */
const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0])
const NOTHING = Buffer.alloc(0)
/** All sockets read into the same bytes, one after the other: nothing is allocated for what is read. */
const readBuffer = Buffer.alloc(256 * 1024)

export class BareWebSocket {
  readonly #socket: Socket
  readonly #onText: (text: Buffer) => void
  /** The beginning of a message whose end has not come. */
  #rest: Buffer = NOTHING
  isPaused = false
  /** Why the other side has closed it; null while it is open. */
  closeCode: number | null = null

  private constructor(port: number, onText: (text: Buffer) => void) {
    this.#onText = onText
    const callback = (length: number, bytes: Uint8Array): boolean => {
      this.#take(bytes, length)
      return true
    }
    this.#socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: { buffer: readBuffer, callback },
    })
  }

  /** `onText` is given bytes that are its own only until it returns. */
  static async open(port: number, onText: (text: Buffer) => void): Promise<BareWebSocket> {
    const opened = Promise.withResolvers<void>()
    let isOpen = false
    const socket = new BareWebSocket(port, (text) => {
      if (isOpen) return onText(text)
      isOpen = true
      opened.resolve()
    })
    await once(socket.#socket, 'connect')
    socket.#socket.write(HANDSHAKE)
    await opened.promise
    return socket
  }

  say(text: string): void {
    const head = text.length < 126 ? [0x80 | text.length] : [0x80 | 126, text.length >> 8, text.length & 255]
    this.#socket.write(Buffer.concat([Buffer.from([TEXT, ...head, 0, 0, 0, 0]), Buffer.from(text)]))
  }

  pause(): void {
    this.isPaused = true
    this.#socket.pause()
  }

  resume(): void {
    this.isPaused = false
    this.#socket.resume()
  }

  end(): void {
    this.#socket.destroy()
  }

  #take(read: Uint8Array, length: number): void {
    const chunk = Buffer.from(read.buffer, read.byteOffset, length)
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let at = 0
    while (bytes.length - at >= 2) {
      const isHandshake = bytes[at] === HANDSHAKE_ANSWER
      const [start, end] = isHandshake ? [at, headEnd(bytes)] : payloadOf(bytes, at)
      if (bytes.length < end) break
      if (bytes[at] === PING) this.#socket.write(PONG)
      else if (bytes[at] === CLOSE) this.closeCode = bytes.readUInt16BE(start)
      else this.#onText(bytes.subarray(start, end))
      at = end
    }
    this.#rest = at === bytes.length ? NOTHING : Buffer.from(bytes.subarray(at))
  }
}

function headEnd(bytes: Buffer): number {
  const at = bytes.indexOf(HEAD_END)
  return at < 0 ? Number.POSITIVE_INFINITY : at + HEAD_END.length
}

/** Where the payload of the message that begins there starts and ends. */
function payloadOf(bytes: Buffer, at: number): [start: number, end: number] {
  const short = bytes.readUInt8(at + 1)
  if (short < 126) return [at + 2, at + 2 + short]
  const start = at + (short === 126 ? 4 : 10)
  if (bytes.length < start) return [start, start]
  const length = short === 126 ? bytes.readUInt16BE(at + 2) : bytes.readUInt32BE(at + 6)
  return [start, start + length]
}
