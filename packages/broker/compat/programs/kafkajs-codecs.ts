/** kafkajs brings gzip alone and asks its users for the other codecs. Importing this registers them. */
import { type CompressionId, compress, decompress } from '@millrace/record-batch'
import kafkajs, { type CompressionTypes } from 'kafkajs'

const LARGEST_BATCH_BYTES = 64 * 1024 * 1024

const codecs: readonly (readonly [CompressionTypes, CompressionId])[] = [
  [kafkajs.CompressionTypes.Snappy, 2],
  [kafkajs.CompressionTypes.LZ4, 3],
  [kafkajs.CompressionTypes.ZSTD, 4],
]
// Its types leave out that the registry is open.
const registry: Partial<Record<CompressionTypes, () => unknown>> = kafkajs.CompressionCodecs
for (const [type, id] of codecs) {
  registry[type] = () => ({
    compress: async ({ buffer }: { buffer: Buffer }) => compress(id, buffer),
    decompress: async (bytes: Buffer) => decompress(id, bytes, LARGEST_BATCH_BYTES),
  })
}
