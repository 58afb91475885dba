import { CorruptBatchError } from './corrupt-batch-error.ts'

/**
 * LZ4 frame format 1.6, all integers little-endian:
 *
 *   frame := magic:4 flags:1 blockDescriptor:1 [contentSize:8] [dictionaryId:4] headerChecksum:1
 *            block* endMark:4 [contentChecksum:4]
 *   block := size:4 (top bit: stored as is) bytes [blockChecksum:4]
 *
 *   flags            bits 7-6 version 01, 5 blocks independent, 4 block checksums, 3 content size,
 *                    2 content checksum, 1 reserved, 0 dictionary id
 *   blockDescriptor  bits 6-4: 4 = 64 KiB, 5 = 256 KiB, 6 = 1 MiB, 7 = 4 MiB
 */
const MAGIC = 0x184d2204
const BLOCK_CHECKSUM = 0x10
const CONTENT_SIZE = 0x08
const CONTENT_CHECKSUM = 0x04
const DICTIONARY_ID = 0x01
const STORED_AS_IS = 0x8000_0000
const MIN_MATCH = 4

/**
 * The size that a frame decompresses to, found by walking its blocks and their length tokens: an
 * LZ4 byte can stand for 255, so sizes in front cannot be trusted and nothing may be allocated for them.
 *
 * @throws CorruptBatchError TOO_LARGE above `maxBytes`, INVALID_COMPRESSED_DATA when it is no whole frame
 */
export function lz4FrameSizeBytes(bytes: Buffer, maxBytes: number): number {
  if (bytes.length < 11 || bytes.readUInt32LE(0) !== MAGIC) throw invalid('no LZ4 frame')
  const flags = bytes.readUInt8(4)
  if (flags >> 6 !== 1) throw invalid(`LZ4 frame version ${flags >> 6}, expected 1`)
  if ((flags & DICTIONARY_ID) !== 0) throw invalid('LZ4 frame needs a dictionary')
  const hasContentSize = (flags & CONTENT_SIZE) !== 0
  if (hasContentSize) checkContentSize(bytes, maxBytes)
  const checksumBytes = (flags & BLOCK_CHECKSUM) === 0 ? 0 : 4
  let position = hasContentSize ? 15 : 7
  let total = 0
  for (;;) {
    if (position + 4 > bytes.length) throw invalid('LZ4 frame without an end')
    const size = bytes.readUInt32LE(position)
    position += 4
    if (size === 0) break
    const isStored = size >= STORED_AS_IS
    const end = position + (isStored ? size - STORED_AS_IS : size)
    if (end + checksumBytes > bytes.length) throw invalid('LZ4 block longer than the frame')
    total += isStored ? end - position : lz4BlockSizeBytes(bytes, position, end)
    if (total > maxBytes) throw tooLarge(maxBytes)
    position = end + checksumBytes
  }
  const trailerBytes = (flags & CONTENT_CHECKSUM) === 0 ? 0 : 4
  if (position + trailerBytes !== bytes.length) throw invalid('bytes after the LZ4 frame')
  return total
}

/**
 *   sequence := token:1 [moreLiteralLength] literals [matchOffset:2 [moreMatchLength]]
 *
 * The token's high half is the literal length, its low half the match length less 4; 15 goes on in
 * bytes that are added up to and with the first below 255. The last sequence ends with its literals.
 */
function lz4BlockSizeBytes(bytes: Buffer, start: number, end: number): number {
  let position = start
  let total = 0
  while (position < end) {
    const token = bytes[position++] ?? 0
    let literals = token >> 4
    if (literals === 15) {
      let more = 255
      while (more === 255 && position < end) {
        more = bytes[position++] ?? 0
        literals += more
      }
    }
    position += literals
    total += literals
    if (position >= end) break
    position += 2
    let match = token & 15
    if (match === 15) {
      let more = 255
      while (more === 255 && position < end) {
        more = bytes[position++] ?? 0
        match += more
      }
    }
    total += match + MIN_MATCH
  }
  if (position !== end) throw invalid('LZ4 block whose lengths do not fit')
  return total
}

function checkContentSize(bytes: Buffer, maxBytes: number): void {
  const claimed = bytes.readBigUInt64LE(6)
  if (claimed > BigInt(maxBytes)) throw tooLarge(maxBytes)
}

function invalid(what: string): CorruptBatchError {
  return new CorruptBatchError('INVALID_COMPRESSED_DATA', what)
}

function tooLarge(maxBytes: number): CorruptBatchError {
  return new CorruptBatchError('TOO_LARGE', `decompresses to more than ${maxBytes} bytes`)
}
