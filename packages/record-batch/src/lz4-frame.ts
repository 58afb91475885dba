import { strict as assert } from 'node:assert'
import { createRequire } from 'node:module'
import { CorruptBatchError } from './corrupt-batch-error.ts'
import { freeMemory } from './free-memory.ts'
import {
  invalidLz4,
  LZ4_STORED_AS_IS,
  type Lz4Block,
  type Lz4FrameLayout,
  readLz4Frame,
} from './lz4-frame-layout.ts'
import { xxhash32 } from './xxhash32.ts'

/**
 * The native block functions of lz4-napi: a block with its uncompressed size (4 bytes, little-endian) in
 * front. Its frame functions are not used: reading is five times slower than block by block, and they
 * allocate whatever a frame asks for. docs/decisions/0003-lz4.md has the figures.
 */
interface Lz4Binding {
  compressSync(bytes: Buffer): Buffer
  uncompressSync(sizeAndBlock: Buffer): Buffer
  uncompress(sizeAndBlock: Buffer): Promise<Buffer>
}

const require = createRequire(import.meta.url)
const SIZE_BYTES = 4
const BLOCK_BYTES = 65536
/** Magic, version 1 with independent blocks and no checksums, blocks of 64 KiB, header checksum: as Kafka writes it. */
const FRAME_HEADER = Buffer.from('04224d18604082', 'hex')
const END_MARK = Buffer.alloc(4)

/** One frame of independent 64 KiB blocks without checksums, the kind that every Kafka client reads. */
export function compressLz4Frame(bytes: Buffer): Buffer {
  const binding = loadLz4()
  const parts: Buffer[] = [FRAME_HEADER]
  for (let start = 0; start < bytes.length; start += BLOCK_BYTES) {
    const input = bytes.subarray(start, start + BLOCK_BYTES)
    const block = binding.compressSync(input)
    const sizeBytes = block.length - SIZE_BYTES
    if (sizeBytes < input.length) {
      // The frame wants the compressed size where the library puts the other one.
      block.writeUInt32LE(sizeBytes, 0)
      parts.push(block)
    } else {
      parts.push(storedSize(input.length), input)
    }
  }
  parts.push(END_MARK)
  return Buffer.concat(parts)
}

/**
 * Decompresses one frame of at most `maxBytes`. What may be allocated is known before: sixteen times the frame, or its
 * exact size.
 *
 * @throws CorruptBatchError TOO_LARGE or INVALID_COMPRESSED_DATA
 */
export function decompressLz4Frame(bytes: Buffer, maxBytes: number): Buffer {
  const layout = readLz4Frame(bytes, maxBytes)
  const binding = loadLz4()
  const sized = withSizes(bytes, layout)
  const parts = layout.blocks.map((block) => {
    if (block.isStored) return bytes.subarray(block.start, block.end)
    try {
      return binding.uncompressSync(sizeAndBlock(sized, block))
    } catch (error) {
      throw invalidLz4('a block does not decompress', error)
    }
  })
  freeMemory(sized)
  return joined(parts, layout)
}

/** As `decompressLz4Frame`, the blocks side by side on the thread pool. */
export async function decompressLz4FrameAsync(bytes: Buffer, maxBytes: number): Promise<Buffer> {
  const layout = readLz4Frame(bytes, maxBytes)
  const binding = loadLz4()
  const sized = withSizes(bytes, layout)
  const decompressions = layout.blocks.map(async (block) =>
    block.isStored ? bytes.subarray(block.start, block.end) : binding.uncompress(sizeAndBlock(sized, block)),
  )
  const parts = await Promise.all(decompressions).catch((error: unknown) => {
    throw invalidLz4('a block does not decompress', error)
  })
  // Not after a failure: other blocks may still be on the pool then.
  freeMemory(sized)
  return joined(parts, layout)
}

/** Loaded on first use: it costs milliseconds, and many programs never see lz4. Node's own cache keeps it. */
function loadLz4(): Lz4Binding {
  try {
    const binding: Lz4Binding = require('lz4-napi')
    return binding
  } catch (error) {
    const message =
      'lz4-napi does not load: it has no binary for this platform, or npm left optional packages out'
    throw new CorruptBatchError('UNSUPPORTED_COMPRESSION', message, { cause: error })
  }
}

/**
 * A copy of the frame with each block's decompressed size in place of the compressed one: what the library wants in front
 * of a block. It is the compressed side that is copied.
 */
function withSizes(bytes: Buffer, { blocks }: Lz4FrameLayout): Buffer {
  const copy = Buffer.allocUnsafe(bytes.length)
  copy.set(bytes)
  for (const { sizeBytes, start } of blocks) copy.writeUInt32LE(sizeBytes, start - SIZE_BYTES)
  return copy
}

function sizeAndBlock(sized: Buffer, { end, start }: Lz4Block): Buffer {
  return sized.subarray(start - SIZE_BYTES, end)
}

function joined(
  parts: readonly Buffer[],
  { blocks, contentBytes, contentChecksum, isExact }: Lz4FrameLayout,
): Buffer {
  for (const [index, part] of parts.entries()) {
    const sizeBytes = blocks[index]?.sizeBytes ?? 0
    assert(part.length <= sizeBytes)
    if (isExact && part.length !== sizeBytes) throw invalidLz4('a block of another size than its tokens say')
  }
  const [only] = parts
  const content = parts.length === 1 && only !== undefined ? only : concatenated(parts, blocks)
  if (contentBytes !== null && contentBytes !== content.length)
    throw invalidLz4('another content size than its blocks')
  if (contentChecksum !== null && contentChecksum !== xxhash32(content, 0, content.length))
    throw invalidLz4('content checksum')
  return content
}

/** Stored blocks are views of the frame, which is the caller's; the others are garbage from here on. */
function concatenated(parts: readonly Buffer[], blocks: readonly Lz4Block[]): Buffer {
  const content = Buffer.concat(parts)
  for (const [index, part] of parts.entries()) {
    if (blocks[index]?.isStored === false) freeMemory(part)
  }
  return content
}

function storedSize(sizeBytes: number): Buffer {
  const field = Buffer.allocUnsafe(SIZE_BYTES)
  field.writeUInt32LE(LZ4_STORED_AS_IS + sizeBytes, 0)
  return field
}
