import { CorruptBatchError } from './corrupt-batch-error.ts'
import { decompressSnappyBlock, snappyBlockSizeBytes } from './snappy-decoder.ts'
import { compressSnappyBlock } from './snappy-encoder.ts'

/**
 * Snappy in Kafka comes in two framings, told apart by the first bytes:
 *
 *   raw    := block                                      librdkafka, franz-go
 *   xerial := magic:8 version:4 compatible:4 chunk*      Java, kafkajs, aiokafka
 *   chunk  := size:4 block
 *
 * where magic is 0x82 "SNAPPY" 0x00 and the integers are big-endian. Every client reads both.
 */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const XERIAL_HEADER_BYTES = 16

/** Compresses into the raw framing, which is the smaller one. */
export function compressSnappy(bytes: Buffer): Buffer {
  return compressSnappyBlock(bytes)
}

/**
 * Decompresses either framing into at most `maxBytes`. The sizes that blocks claim are summed up
 * before anything is allocated.
 *
 * @throws CorruptBatchError TOO_LARGE or INVALID_COMPRESSED_DATA
 */
export function decompressSnappy(bytes: Buffer, maxBytes: number): Buffer {
  const isXerial = bytes.length >= XERIAL_HEADER_BYTES && bytes.subarray(0, 8).equals(XERIAL_MAGIC)
  const blocks = isXerial ? xerialBlocks : rawBlock
  let sizeBytes = 0
  for (const block of blocks(bytes)) sizeBytes += snappyBlockSizeBytes(block)
  if (sizeBytes > maxBytes) {
    throw new CorruptBatchError('TOO_LARGE', `decompresses to ${sizeBytes} bytes, allowed are ${maxBytes}`)
  }
  const target = Buffer.allocUnsafe(sizeBytes)
  let position = 0
  for (const block of blocks(bytes)) position = decompressSnappyBlock(block, target, position)
  return target
}

function rawBlock(bytes: Buffer): readonly Buffer[] {
  return [bytes]
}

/** Walked twice instead of kept: chunks may be as small as five bytes, and an object each would be a bomb of its own. */
function* xerialBlocks(bytes: Buffer): Generator<Buffer, void, void> {
  let position = XERIAL_HEADER_BYTES
  while (position < bytes.length) {
    const size = position + 4 > bytes.length ? -1 : bytes.readInt32BE(position)
    position += 4
    if (size < 0 || position + size > bytes.length) {
      throw new CorruptBatchError('INVALID_COMPRESSED_DATA', `a snappy chunk of ${size} bytes does not fit`)
    }
    yield bytes.subarray(position, position + size)
    position += size
  }
}
