import { CorruptBatchError } from './corrupt-batch-error.ts'

/**
 * One snappy block (github.com/google/snappy, format_description.txt), little-endian:
 *
 *   block   := uncompressedSize:varint element*
 *   literal := tag:1 (00, length - 1 in the upper six bits; 60-63: in the next 1-4 bytes) [length:1-4] bytes
 *   copy1   := tag:1 (01, bits 2-4 length - 4, bits 5-7 offset bits 8-10) offset:1
 *   copy2   := tag:1 (10, length - 1) offset:2
 *   copy4   := tag:1 (11, length - 1) offset:4
 */
const LONGEST_LITERAL_IN_TAG = 60
const MAX_EXPANSION = 64

/** The size that the block says it decompresses to. Refused when no such block could hold as much. */
export function snappyBlockSizeBytes(block: Buffer): number {
  const [size] = readSize(block)
  // The densest element is a copy2 of 64 bytes in 3, so a claim of more than this is a lie.
  if (size > block.length * MAX_EXPANSION) throw invalid(`claims ${size} bytes in ${block.length}`)
  return size
}

/**
 * Decompresses one block into `target` from `start` on; returns the position after it.
 *
 * @throws CorruptBatchError INVALID_COMPRESSED_DATA; nothing is written outside the claimed size
 */
export function decompressSnappyBlock(block: Buffer, target: Buffer, start: number): number {
  const [size, headerBytes] = readSize(block)
  const end = start + size
  const blockEnd = block.length
  let from = headerBytes
  let to = start
  while (from < blockEnd) {
    const tag = block[from++] ?? 0
    let length = (tag >> 2) + 1
    if ((tag & 3) === 0) {
      if (length > LONGEST_LITERAL_IN_TAG) {
        const lengthBytes = length - LONGEST_LITERAL_IN_TAG
        if (from + lengthBytes > blockEnd) throw invalid('a literal is cut off')
        length = block.readUIntLE(from, lengthBytes) + 1
        from += lengthBytes
      }
      if (length > blockEnd - from || length > end - to) throw invalid('a literal does not fit')
      copyLiteral(block, from, target, to, length)
      from += length
      to += length
      continue
    }
    let offset = block[from++] ?? 0
    if ((tag & 3) === 1) {
      length = ((tag >> 2) & 7) + 4
      offset |= (tag & 0xe0) << 3
    } else {
      offset |= (block[from++] ?? 0) << 8
      if ((tag & 3) === 3) {
        offset += (block[from] ?? 0) * 0x1_0000 + (block[from + 1] ?? 0) * 0x100_0000
        from += 2
      }
    }
    if (offset === 0 || offset > to - start || length > end - to) throw invalid('a copy reaches outside')
    copyBack(target, to, offset, length)
    to += length
  }
  if (to !== end || from !== blockEnd) throw invalid(`${to - start} bytes, expected ${size}`)
  return to
}

/** Short literals are quicker byte by byte than through a native call. */
function copyLiteral(block: Buffer, from: number, target: Buffer, to: number, length: number): void {
  if (length > 24) {
    block.copy(target, to, from, from + length)
    return
  }
  for (let index = 0; index < length; index++) target[to + index] = block[from + index] ?? 0
}

/** Source and target may overlap: then the copied bytes repeat, so it goes forward byte by byte. */
function copyBack(target: Buffer, to: number, offset: number, length: number): void {
  const from = to - offset
  for (let index = 0; index < length; index++) target[to + index] = target[from + index] ?? 0
}

function readSize(block: Buffer): [size: number, headerBytes: number] {
  let size = 0
  for (let index = 0; index < 5; index++) {
    const byte = block[index]
    if (byte === undefined) break
    size += (byte & 0x7f) * 2 ** (7 * index)
    if (byte < 0x80) return [size, index + 1]
  }
  throw invalid('no size')
}

function invalid(what: string): CorruptBatchError {
  return new CorruptBatchError('INVALID_COMPRESSED_DATA', `snappy block: ${what}`)
}
