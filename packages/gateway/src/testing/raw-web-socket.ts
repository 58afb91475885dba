import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** What a frame says of itself; the defaults are an honest client's text. */
export interface FrameOptions {
  /** The first byte: FIN, reserved bits, opcode. */
  readonly head: number
  readonly payload?: Buffer | string
  readonly isMasked?: boolean
  /** Claimed instead of the payload's own length. */
  readonly length?: bigint
}

/** Four bytes that every frame is masked with: any will do. */
const MASK = Buffer.from([1, 2, 3, 4])
const HANDSHAKE =
  'GET /v1/socket HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: upgrade\r\n' +
  'sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'
const CLOSE = 0x88

/** One frame as bytes, right or wrong. */
export function frame({ head, isMasked = true, length, payload = '' }: FrameOptions): Buffer {
  const body = Buffer.from(payload)
  const claimed = length ?? BigInt(body.length)
  const maskBit = isMasked ? 0x80 : 0
  const size =
    claimed < 126n
      ? Buffer.from([maskBit | Number(claimed)])
      : claimed < 65_536n
        ? Buffer.from([maskBit | 126, Number(claimed >> 8n), Number(claimed & 255n)])
        : Buffer.concat([Buffer.from([maskBit | 127]), bigEndian(claimed)])
  if (!isMasked) return Buffer.concat([Buffer.from([head]), size, body])
  const masked = body.map((byte, index) => byte ^ (MASK[index % 4] ?? 0))
  return Buffer.concat([Buffer.from([head]), size, MASK, masked])
}

function bigEndian(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(value)
  return bytes
}

/** A WebSocket by hand: the handshake, and then whatever bytes a test wants. */
export class RawWebSocket {
  readonly socket: Socket
  #received = Buffer.alloc(0)

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk])
    })
  }

  static async open(port: number): Promise<RawWebSocket> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    const opened = new RawWebSocket(socket)
    socket.write(HANDSHAKE)
    await once(socket, 'data')
    opened.#received = opened.#received.subarray(opened.#received.indexOf('\r\n\r\n') + 4)
    return opened
  }

  /** The code of the close frame that comes, or null when the connection ends without one. */
  async closeCode(): Promise<number | null> {
    for (;;) {
      const code = this.#findCloseCode()
      if (code !== null || this.socket.destroyed) return code
      await Promise.race([once(this.socket, 'data'), once(this.socket, 'close')])
    }
  }

  #findCloseCode(): number | null {
    for (let at = 0; at + 4 <= this.#received.length; ) {
      const [first = 0, second = 0] = this.#received.subarray(at, at + 2)
      const [start, length] = second < 126 ? [at + 2, second] : [at + 4, this.#received.readUInt16BE(at + 2)]
      if (first === CLOSE) return this.#received.readUInt16BE(start)
      at = start + length
    }
    return null
  }
}
