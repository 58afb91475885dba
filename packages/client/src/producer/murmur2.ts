const SEED = 0x9747b28c
const M = 0x5bd1e995
const R = 24

/**
 * Kafka's 32-bit murmur2 as a signed number (Kafka `Utils.murmur2`): every client that uses it
 * sends a key to the same partition, so records of one key stay in order across languages.
 */
export function murmur2(bytes: Buffer): number {
  const { length } = bytes
  let hash = SEED ^ length
  const wholeEnd = length & ~3
  for (let position = 0; position < wholeEnd; position += 4) {
    let k = bytes.readInt32LE(position)
    k = Math.imul(k, M)
    k ^= k >>> R
    k = Math.imul(k, M)
    hash = Math.imul(hash, M) ^ k
  }
  const rest = length & 3
  if (rest === 3) hash ^= (bytes[wholeEnd + 2] ?? 0) << 16
  if (rest >= 2) hash ^= (bytes[wholeEnd + 1] ?? 0) << 8
  if (rest >= 1) hash = Math.imul(hash ^ (bytes[wholeEnd] ?? 0), M)
  hash ^= hash >>> 13
  hash = Math.imul(hash, M)
  return hash ^ (hash >>> 15)
}
