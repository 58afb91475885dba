/**
 * xxHash with 32 bits and seed 0, the checksum inside LZ4 frames
 * (github.com/Cyan4973/xxHash, doc/xxhash_spec.md).
 */
const PRIME_1 = 0x9e3779b1
const PRIME_2 = 0x85ebca77
const PRIME_3 = 0xc2b2ae3d
const PRIME_4 = 0x27d4eb2f
const PRIME_5 = 0x165667b1
const STRIPE_BYTES = 16

/** The hash of `bytes[start, end)`, unsigned. */
export function xxhash32(bytes: Buffer, start: number, end: number): number {
  const length = end - start
  let position = start
  let hash = PRIME_5
  if (length >= STRIPE_BYTES) {
    hash = hashStripes(bytes, start, length)
    position += length - (length % STRIPE_BYTES)
  }
  hash = (hash + length) | 0
  for (; position + 4 <= end; position += 4) {
    hash = (hash + Math.imul(readUInt32(bytes, position), PRIME_3)) | 0
    hash = Math.imul(rotateLeft(hash, 17), PRIME_4)
  }
  for (; position < end; position++) {
    hash = (hash + Math.imul(bytes[position] ?? 0, PRIME_5)) | 0
    hash = Math.imul(rotateLeft(hash, 11), PRIME_1)
  }
  hash = Math.imul(hash ^ (hash >>> 15), PRIME_2)
  hash = Math.imul(hash ^ (hash >>> 13), PRIME_3)
  return (hash ^ (hash >>> 16)) >>> 0
}

function hashStripes(bytes: Buffer, start: number, length: number): number {
  const end = start + length - (length % STRIPE_BYTES)
  let first = (PRIME_1 + PRIME_2) | 0
  let second = PRIME_2 | 0
  let third = 0
  let fourth = -PRIME_1 | 0
  for (let position = start; position < end; position += STRIPE_BYTES) {
    first = round(first, readUInt32(bytes, position))
    second = round(second, readUInt32(bytes, position + 4))
    third = round(third, readUInt32(bytes, position + 8))
    fourth = round(fourth, readUInt32(bytes, position + 12))
  }
  return (rotateLeft(first, 1) + rotateLeft(second, 7) + rotateLeft(third, 12) + rotateLeft(fourth, 18)) | 0
}

function round(lane: number, word: number): number {
  return Math.imul(rotateLeft((lane + Math.imul(word, PRIME_2)) | 0, 13), PRIME_1)
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}

/** Little-endian. Bytes past the end read as zero. */
function readUInt32(bytes: Buffer, at: number): number {
  return (
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24)
  )
}
