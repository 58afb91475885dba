/**
 * Snappy's compressor: a hash table of four-byte groups finds matches within 64 KiB, as Google's
 * reference does. The format is in snappy-decoder.ts.
 */
const FRAGMENT_BYTES = 65536
const MAX_TABLE_BITS = 14
const MIN_TABLE_BITS = 8
const MULTIPLIER = 0x1e35a7bd
/** Matches are not looked for in the last bytes, so that four-byte reads stay inside. */
const MARGIN_BYTES = 15

/** Compresses into one block. Fragments of 64 KiB are independent, so that offsets take two bytes. */
export function compressSnappyBlock(bytes: Buffer): Buffer {
  const target = Buffer.allocUnsafe(32 + bytes.length + Math.ceil(bytes.length / 6))
  let to = writeSize(target, bytes.length)
  const table = new Uint16Array(1 << tableBits(Math.min(bytes.length, FRAGMENT_BYTES)))
  for (let start = 0; start < bytes.length; start += FRAGMENT_BYTES) {
    if (start > 0) table.fill(0)
    to = compressFragment(bytes, start, Math.min(bytes.length, start + FRAGMENT_BYTES), target, to, table)
  }
  return target.subarray(0, to)
}

/** Positional, because this and what it calls run for every few bytes. */
function compressFragment(
  bytes: Buffer,
  start: number,
  end: number,
  target: Buffer,
  to: number,
  table: Uint16Array,
): number {
  const shift = 32 - Math.log2(table.length)
  const limit = end - MARGIN_BYTES
  let literalStart = start
  let from = start + 1
  let misses = 32
  while (from < limit) {
    const group = readGroup(bytes, from)
    const slot = Math.imul(group, MULTIPLIER) >>> shift
    const candidate = start + (table[slot] ?? 0)
    table[slot] = from - start
    if (candidate >= from || readGroup(bytes, candidate) !== group) {
      // The longer nothing matches the larger the steps, so incompressible bytes pass quickly.
      from += misses++ >> 5
      continue
    }
    to = writeLiteral(bytes, literalStart, from, target, to)
    let length = 4
    while (from + length < end && bytes[candidate + length] === bytes[from + length]) length++
    to = writeCopy(target, to, from - candidate, length)
    from += length
    literalStart = from
    misses = 32
    if (from < limit) {
      const before = from - 1
      table[Math.imul(readGroup(bytes, before), MULTIPLIER) >>> shift] = before - start
    }
  }
  return writeLiteral(bytes, literalStart, end, target, to)
}

function readGroup(bytes: Buffer, at: number): number {
  return (
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24)
  )
}

function writeLiteral(bytes: Buffer, start: number, end: number, target: Buffer, to: number): number {
  const length = end - start
  if (length === 0) return to
  const last = length - 1
  if (last < 60) {
    target[to++] = last << 2
  } else if (last < 0x100) {
    target[to++] = 60 << 2
    target[to++] = last
  } else {
    target[to++] = 61 << 2
    target[to++] = last & 0xff
    target[to++] = last >> 8
  }
  if (length > 24) bytes.copy(target, to, start, end)
  else for (let index = 0; index < length; index++) target[to + index] = bytes[start + index] ?? 0
  return to + length
}

function writeCopy(target: Buffer, to: number, offset: number, length: number): number {
  let left = length
  // A copy of 60 before the rest keeps that at four bytes or more, which the short form needs.
  while (left >= 68) {
    to = writeCopy2(target, to, offset, 64)
    left -= 64
  }
  if (left > 64) {
    to = writeCopy2(target, to, offset, 60)
    left -= 60
  }
  if (left >= 12 || offset >= 2048) return writeCopy2(target, to, offset, left)
  target[to++] = ((offset >> 8) << 5) | ((left - 4) << 2) | 1
  target[to++] = offset & 0xff
  return to
}

function writeCopy2(target: Buffer, to: number, offset: number, length: number): number {
  target[to++] = ((length - 1) << 2) | 2
  target[to++] = offset & 0xff
  target[to++] = offset >> 8
  return to
}

function writeSize(target: Buffer, size: number): number {
  let to = 0
  let rest = size
  while (rest >= 0x80) {
    target[to++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  target[to++] = rest
  return to
}

function tableBits(fragmentBytes: number): number {
  const wanted = 32 - Math.clz32(Math.max(1, fragmentBytes - 1))
  return Math.min(MAX_TABLE_BITS, Math.max(MIN_TABLE_BITS, wanted))
}
