import { createRequire } from 'node:module'
import { CorruptBatchError } from './corrupt-batch-error.ts'
import { lz4FrameSizeBytes } from './lz4-frame-size.ts'

interface Lz4Binding {
  compressFrameSync(bytes: Buffer): Buffer
  decompressFrameSync(bytes: Buffer): Buffer
  decompressFrame(bytes: Buffer): Promise<Buffer>
}

const require = createRequire(import.meta.url)

/** One LZ4 frame with independent blocks, as every Kafka client can read. */
export function compressLz4Frame(bytes: Buffer): Buffer {
  return loadLz4().compressFrameSync(bytes)
}

/**
 * Decompresses one LZ4 frame of at most `maxBytes`. The native code allocates whatever the frame
 * asks for, so its true size is found first.
 *
 * @throws CorruptBatchError TOO_LARGE or INVALID_COMPRESSED_DATA
 */
export function decompressLz4Frame(bytes: Buffer, maxBytes: number): Buffer {
  lz4FrameSizeBytes(bytes, maxBytes)
  try {
    return loadLz4().decompressFrameSync(bytes)
  } catch (error) {
    throw lz4Error(error)
  }
}

/** As `decompressLz4Frame`, on the thread pool. */
export async function decompressLz4FrameAsync(bytes: Buffer, maxBytes: number): Promise<Buffer> {
  lz4FrameSizeBytes(bytes, maxBytes)
  try {
    return await loadLz4().decompressFrame(bytes)
  } catch (error) {
    throw lz4Error(error)
  }
}

/** Loaded on first use: it costs milliseconds, and many programs never see lz4. Node's cache keeps it. */
function loadLz4(): Lz4Binding {
  const binding: Lz4Binding = require('lz4-napi')
  return binding
}

function lz4Error(error: unknown): CorruptBatchError {
  const reason = error instanceof Error ? error.message : String(error)
  return new CorruptBatchError('INVALID_COMPRESSED_DATA', `does not decompress: ${reason}`, { cause: error })
}
