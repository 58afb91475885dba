/**
 * Variable-length integers of record format v2, as in Protocol Buffers: zigzag, then groups of seven
 * bits with the lowest first, the top bit set on all but the last. A varint holds an int32 in 1 to 5
 * bytes, a varlong an int64 in 1 to 10.
 */

/** The bytes that `value` takes as a varint. `value` is an int32. */
export function varintSizeBytes(value: number): number {
  const zigzag = (value << 1) ^ (value >> 31)
  if (zigzag >>> 7 === 0) return 1
  if (zigzag >>> 14 === 0) return 2
  if (zigzag >>> 21 === 0) return 3
  return zigzag >>> 28 === 0 ? 4 : 5
}

/** Writes an int32 and returns the position after it. */
export function writeVarint(buffer: Buffer, position: number, value: number): number {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0
  // Nearly all lengths and deltas take one byte or two.
  if (rest < 0x80) {
    buffer[position] = rest
    return position + 1
  }
  if (rest < 0x4000) {
    buffer[position] = (rest & 0x7f) | 0x80
    buffer[position + 1] = rest >>> 7
    return position + 2
  }
  while (rest >= 0x80) {
    buffer[position++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  buffer[position++] = rest
  return position
}

/** The bytes that a safe integer takes as a varlong. */
export function varlongSizeBytes(value: number): number {
  if (isInt32(value)) return varintSizeBytes(value)
  let size = 1
  for (let rest = zigzagLong(value) >> 7n; rest > 0n; rest >>= 7n) size++
  return size
}

/** Writes a safe integer and returns the position after it. */
export function writeVarlong(buffer: Buffer, position: number, value: number): number {
  if (isInt32(value)) return writeVarint(buffer, position, value)
  let rest = zigzagLong(value)
  while (rest >= 0x80n) {
    buffer[position++] = Number(rest & 0x7fn) | 0x80
    rest >>= 7n
  }
  buffer[position++] = Number(rest)
  return position
}

/** Beyond int32, so 24 days apart in one batch, is rare enough for a bigint. */
function isInt32(value: number): boolean {
  return (value | 0) === value
}

function zigzagLong(value: number): bigint {
  const wide = BigInt(value)
  return wide >= 0n ? wide << 1n : (-wide << 1n) - 1n
}
