const FIN = 0x80
const TEXT = 1
const BINARY = 2
const MAX_SHORT = 125
const MAX_UINT16 = 0xffff

/**
 * A whole message of a server as it stands on the wire (RFC 6455, 5.2): one frame, neither masked nor compressed, so the
 * same bytes for everybody.
 *
 *     message = FIN|opcode:u8 (length:u8 | 126:u8 length:u16 | 127:u8 length:u64) payload
 */
export function serverMessage(payload: Buffer, kind: 'text' | 'binary'): Buffer {
  const { length } = payload
  const headBytes = length <= MAX_SHORT ? 2 : length <= MAX_UINT16 ? 4 : 10
  const message = Buffer.allocUnsafe(headBytes + length)
  message.writeUInt8(FIN | (kind === 'text' ? TEXT : BINARY), 0)
  if (headBytes === 2) {
    message.writeUInt8(length, 1)
  } else if (headBytes === 4) {
    message.writeUInt8(126, 1)
    message.writeUInt16BE(length, 2)
  } else {
    message.writeUInt8(127, 1)
    message.writeUInt32BE(Math.floor(length / 2 ** 32), 2)
    message.writeUInt32BE(length % 2 ** 32, 6)
  }
  payload.copy(message, headBytes)
  return message
}
