import { promisify } from 'node:util'
import {
  constants,
  gunzip,
  gunzipSync,
  gzip,
  gzipSync,
  type ZlibOptions,
  type ZstdOptions,
  zstdCompress,
  zstdCompressSync,
  zstdDecompress,
  zstdDecompressSync,
} from 'node:zlib'
import { CorruptBatchError } from './corrupt-batch-error.ts'
import { compressLz4Frame, decompressLz4Frame, decompressLz4FrameAsync } from './lz4-frame.ts'
import { compressSnappy, decompressSnappy } from './snappy.ts'

/** Kafka's numbers for the codecs, as in the attributes of a batch. */
export const Compression = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const
export type CompressionName = keyof typeof Compression
export type CompressionId = (typeof Compression)[CompressionName]

/** How hard to compress: zlib's -1 to 9 for gzip, zstd's own numbers; the other codecs have no levels here. */
export interface CompressionLevels {
  readonly gzip?: number
  readonly zstd?: number
}

/** Compresses at once. With codec 0 the bytes come back as they are, not copied. */
export function compress(id: CompressionId, bytes: Buffer, levels: CompressionLevels = {}): Buffer {
  switch (id) {
    case 0:
      return bytes
    case 1:
      return gzipSync(bytes, gzipOptions(bytes, levels))
    case 2:
      return compressSnappy(bytes)
    case 3:
      return compressLz4Frame(bytes)
    case 4:
      return zstdCompressSync(bytes, zstdOptions(bytes, levels))
  }
}

/** As `compress`, on the thread pool where a codec has that way: gzip and zstd. lz4 and snappy are fast and run at once. */
export async function compressAsync(
  id: CompressionId,
  bytes: Buffer,
  levels: CompressionLevels = {},
): Promise<Buffer> {
  switch (id) {
    case 0:
    case 2:
    case 3:
      return compress(id, bytes)
    case 1:
      return promisify<Buffer, ZlibOptions, Buffer>(gzip)(bytes, gzipOptions(bytes, levels))
    case 4:
      return promisify<Buffer, ZstdOptions, Buffer>(zstdCompress)(bytes, zstdOptions(bytes, levels))
  }
}

function gzipOptions(bytes: Buffer, { gzip: level }: CompressionLevels): ZlibOptions {
  return { chunkSize: outputChunkBytes(bytes.length), ...(level === undefined ? {} : { level }) }
}

function zstdOptions(bytes: Buffer, { zstd: level }: CompressionLevels): ZstdOptions {
  const params = level === undefined ? {} : { params: { [constants.ZSTD_c_compressionLevel]: level } }
  return { chunkSize: outputChunkBytes(bytes.length), ...params }
}

/**
 * Decompresses at once and never produces more than `maxBytes`: a small batch that claims gigabytes
 * is refused before they are allocated. With codec 0 the bytes come back as they are, not copied.
 *
 * @throws CorruptBatchError TOO_LARGE or INVALID_COMPRESSED_DATA
 */
export function decompress(id: CompressionId, bytes: Buffer, maxBytes: number): Buffer {
  switch (id) {
    case 0:
      return withinLimit(bytes, maxBytes)
    case 1:
      return refusing(maxBytes, () => gunzipSync(bytes, zlibOptions(bytes, maxBytes)))
    case 2:
      return decompressSnappy(bytes, maxBytes)
    case 3:
      return decompressLz4Frame(bytes, maxBytes)
    case 4:
      return refusing(maxBytes, () => zstdDecompressSync(bytes, zlibOptions(bytes, maxBytes)))
  }
}

/**
 * As `decompress`, on the thread pool: for bytes so many that the event loop should not wait for
 * them. Snappy has no such way and runs at once.
 */
export async function decompressAsync(id: CompressionId, bytes: Buffer, maxBytes: number): Promise<Buffer> {
  switch (id) {
    case 0:
    case 2:
      return decompress(id, bytes, maxBytes)
    case 1:
      return inflateAsync((options, done) => gunzip(bytes, options, done), bytes, maxBytes)
    case 3:
      return decompressLz4FrameAsync(bytes, maxBytes)
    case 4:
      return inflateAsync((options, done) => zstdDecompress(bytes, options, done), bytes, maxBytes)
  }
}

interface InflateOptions {
  readonly maxOutputLength: number
  readonly chunkSize: number
}

type Inflate = (options: InflateOptions, done: (error: Error | null, result: Buffer) => void) => void

function inflateAsync(inflate: Inflate, bytes: Buffer, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    inflate(zlibOptions(bytes, maxBytes), (error, result) => {
      if (error !== null) reject(inflateError(error, maxBytes))
      else if (result.length > maxBytes) reject(tooLarge(maxBytes))
      else resolve(result)
    })
  })
}

/**
 * zlib allocates its output in chunks of one size, up front: a chunk that fits small outputs, and 64 KiB
 * for large ones, was the fastest of 1 to 256 KiB.
 */
function zlibOptions(bytes: Buffer, maxBytes: number): InflateOptions {
  return { maxOutputLength: Math.max(1, maxBytes), chunkSize: outputChunkBytes(4 * bytes.length) }
}

function outputChunkBytes(expectedBytes: number): number {
  return Math.min(65536, Math.max(1024, expectedBytes))
}

function refusing(maxBytes: number, inflate: () => Buffer): Buffer {
  try {
    return withinLimit(inflate(), maxBytes)
  } catch (error) {
    throw inflateError(error, maxBytes)
  }
}

function inflateError(error: unknown, maxBytes: number): CorruptBatchError {
  if (error instanceof CorruptBatchError) return error
  const isTooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
  if (isTooLarge) return tooLarge(maxBytes, error)
  const reason = error instanceof Error ? error.message : String(error)
  return new CorruptBatchError('INVALID_COMPRESSED_DATA', `does not decompress: ${reason}`, { cause: error })
}

/** zlib's own limit cannot be 0, so what it let through is measured as well. */
function withinLimit(bytes: Buffer, maxBytes: number): Buffer {
  if (bytes.length > maxBytes) throw tooLarge(maxBytes)
  return bytes
}

function tooLarge(maxBytes: number, cause?: unknown): CorruptBatchError {
  return new CorruptBatchError('TOO_LARGE', `decompresses to more than ${maxBytes} bytes`, { cause })
}
