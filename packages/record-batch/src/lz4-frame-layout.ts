import { CorruptBatchError } from './corrupt-batch-error.ts'
import { xxhash32 } from './xxhash32.ts'

/**
 * LZ4 frame, format 1.6 (github.com/lz4/lz4, doc/lz4_Frame_format.md), all integers little-endian:
 *
 *   frame := magic:4 flags:1 blockDescriptor:1 [contentSize:8] headerChecksum:1
 *            block* endMark:4 [contentChecksum:4]
 *   block := size:4 (top bit: stored as is) bytes [blockChecksum:4]
 *
 *   flags            bits 7-6 version 01, 5 blocks independent, 4 block checksums, 3 content size,
 *                    2 content checksum, 1-0 not used in Kafka
 *   blockDescriptor  bits 6-4: 4 = 64 KiB, 5 = 256 KiB, 6 = 1 MiB, 7 = 4 MiB; others 0
 *   headerChecksum   second byte of the hash of flags to contentSize
 *
 * Kafka's Java reader (Lz4BlockInputStream) takes neither dependent blocks nor dictionaries, and
 * checks the header's checksum. What it refuses must not get into a log, so it is refused here.
 */
export const LZ4_MAGIC = 0x184d2204
export const LZ4_STORED_AS_IS = 0x8000_0000
const VERSION_AND_INDEPENDENT = 0x60
const BLOCK_CHECKSUM = 0x10
const CONTENT_SIZE = 0x08
const CONTENT_CHECKSUM = 0x04
const SHORTEST_FRAME_BYTES = 11
const MIN_MATCH_BYTES = 4
/**
 * A frame whose blocks cannot unfold to more than so many times its bytes needs no exact sizes: walking the tokens costs
 * as much as decompressing does. Text takes a half or a third of its size.
 */
const HARMLESS_FACTOR = 16

/** One block: `bytes[start, end)` of the frame, and what they decompress to, at most or exactly. */
export interface Lz4Block {
  readonly start: number
  readonly end: number
  readonly isStored: boolean
  readonly sizeBytes: number
}

/** A frame taken apart. The content's size and checksum are null when the frame does not say them. */
export interface Lz4FrameLayout {
  readonly blocks: readonly Lz4Block[]
  /** Whether the blocks' sizes are exact; else they are bounds. */
  readonly isExact: boolean
  readonly contentBytes: number | null
  readonly contentChecksum: number | null
}

/**
 * Takes a frame apart. When the bounds of its blocks are harmless they are what is told; else the exact size is found by
 * walking the length tokens: an LZ4 byte can stand for 255, and nothing may be allocated on a claim.
 *
 * @throws CorruptBatchError TOO_LARGE above `maxBytes`, INVALID_COMPRESSED_DATA when it is no whole frame
 */
export function readLz4Frame(bytes: Buffer, maxBytes: number): Lz4FrameLayout {
  const { flags, maxBlockBytes, headerBytes, contentBytes } = readHeader(bytes, maxBytes)
  const hasBlockChecksum = (flags & BLOCK_CHECKSUM) !== 0
  let blocks: Lz4Block[] = []
  let position = headerBytes
  let boundBytes = 0
  for (;;) {
    if (position + 4 > bytes.length) throw invalidLz4('a frame without an end')
    const field = bytes.readUInt32LE(position)
    position += 4
    if (field === 0) break
    const block = readBlock(bytes, position, field, maxBlockBytes)
    blocks.push(block)
    boundBytes += block.sizeBytes
    position = block.end
    if (hasBlockChecksum) {
      if (position + 4 > bytes.length) throw invalidLz4('a block without its checksum')
      if (bytes.readUInt32LE(position) !== xxhash32(bytes, block.start, block.end))
        throw invalidLz4('block checksum')
      position += 4
    }
  }
  const hasContentChecksum = (flags & CONTENT_CHECKSUM) !== 0
  if (position + (hasContentChecksum ? 4 : 0) !== bytes.length) throw invalidLz4('other bytes than its parts')
  const isExact = boundBytes > Math.min(maxBytes, bytes.length * HARMLESS_FACTOR)
  if (isExact) blocks = withExactSizes(bytes, blocks, { maxBytes, maxBlockBytes })
  const contentChecksum = hasContentChecksum ? bytes.readUInt32LE(position) : null
  return { blocks, isExact, contentBytes, contentChecksum }
}

function withExactSizes(
  bytes: Buffer,
  blocks: readonly Lz4Block[],
  { maxBlockBytes, maxBytes }: { readonly maxBlockBytes: number; readonly maxBytes: number },
): Lz4Block[] {
  let totalBytes = 0
  return blocks.map((block) => {
    const sizeBytes = block.isStored ? block.sizeBytes : blockSizeBytes(bytes, block.start, block.end)
    if (sizeBytes > maxBlockBytes) throw invalidLz4('a block longer than the frame allows')
    totalBytes += sizeBytes
    if (totalBytes > maxBytes) throw tooLarge(maxBytes)
    return { ...block, sizeBytes }
  })
}

interface Lz4FrameHeader {
  readonly flags: number
  readonly maxBlockBytes: number
  readonly headerBytes: number
  /** The claimed size, null when the frame makes no claim. */
  readonly contentBytes: number | null
}

function readHeader(bytes: Buffer, maxBytes: number): Lz4FrameHeader {
  if (bytes.length < SHORTEST_FRAME_BYTES || bytes.readUInt32LE(0) !== LZ4_MAGIC) throw invalidLz4('no frame')
  const flags = bytes.readUInt8(4)
  const descriptor = bytes.readUInt8(5)
  if ((flags & 0xe3) !== VERSION_AND_INDEPENDENT) {
    throw invalidLz4(`flags 0x${flags.toString(16)}: not version 1 with independent blocks and no dictionary`)
  }
  if ((descriptor & 0x8f) !== 0 || descriptor < 0x40) throw invalidLz4('no such block size')
  const hasContentSize = (flags & CONTENT_SIZE) !== 0
  const headerBytes = hasContentSize ? 15 : 7
  if (bytes.length < headerBytes) throw invalidLz4('a cut header')
  const checksum = (xxhash32(bytes, 4, headerBytes - 1) >>> 8) & 0xff
  if (bytes.readUInt8(headerBytes - 1) !== checksum) throw invalidLz4('header checksum')
  const contentBytes = hasContentSize ? Number(bytes.readBigUInt64LE(6)) : null
  if (contentBytes !== null && contentBytes > maxBytes) throw tooLarge(maxBytes)
  return { flags, maxBlockBytes: 1 << (8 + 2 * (descriptor >> 4)), headerBytes, contentBytes }
}

function readBlock(bytes: Buffer, start: number, field: number, maxBlockBytes: number): Lz4Block {
  const isStored = field >= LZ4_STORED_AS_IS
  const length = isStored ? field - LZ4_STORED_AS_IS : field
  const end = start + length
  // Kafka's reader takes an empty block, which no writer makes, for the end of the frame.
  if (length === 0) throw invalidLz4('an empty block')
  if (length > maxBlockBytes || end > bytes.length) throw invalidLz4('a block longer than its frame')
  return { start, end, isStored, sizeBytes: isStored ? length : maxBlockBytes }
}

/**
 *   sequence := token:1 [moreLiterals] literals [matchOffset:2 [moreMatch]]
 *
 * The token's high half is the number of literals, its low half that of the match less 4; 15 goes on
 * in bytes that are added up to and with the first below 255. The last sequence ends with its literals.
 */
function blockSizeBytes(bytes: Buffer, start: number, end: number): number {
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
    total += match + MIN_MATCH_BYTES
  }
  if (position !== end) throw invalidLz4('a block whose lengths do not fit')
  return total
}

/** The error for a frame that is none. */
export function invalidLz4(what: string, cause?: unknown): CorruptBatchError {
  return new CorruptBatchError('INVALID_COMPRESSED_DATA', `LZ4: ${what}`, { cause })
}

function tooLarge(maxBytes: number): CorruptBatchError {
  return new CorruptBatchError('TOO_LARGE', `decompresses to more than ${maxBytes} bytes`)
}
