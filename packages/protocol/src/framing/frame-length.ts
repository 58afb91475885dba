import { strict as assert } from 'node:assert'
import type { ByteWriter } from '../wire/byte-writer.ts'

const LENGTH_BYTES = 4

/** Finishes a message whose first field was an int32 put there for the frame's length, and fills that in. */
export function patchFrameLength(writer: ByteWriter): Buffer[] {
  const { sizeBytes } = writer
  const parts = writer.finish()
  const first = parts[0]
  assert(first !== undefined && first.length >= LENGTH_BYTES)
  first.writeInt32BE(sizeBytes - LENGTH_BYTES, 0)
  return parts
}
