import { Compression, compress, decompress } from '@millrace/record-batch'
import type { MicroSuite, MicroTask } from '../harness/micro-suite.ts'
import { makeRecords } from '../harness/records.ts'

const SIZES = [1_024, 16_384, 65_536, 1_048_576] as const

/** The codecs on lines of JSON, at the sizes that batches have. */
export const compressionSuite: MicroSuite = {
  name: 'compression',
  about: 'compressing and decompressing lines of JSON, per call; MB/s of uncompressed bytes',
  open: ({ isTiny }) => {
    const text = Buffer.concat(makeRecords({ count: 10_500, valueBytes: 100 }).map(({ value }) => value))
    return {
      tasks: SIZES.slice(0, isTiny ? 1 : SIZES.length).flatMap((size) => {
        const bytes = text.subarray(0, size)
        return Object.entries(Compression).flatMap(([codec, id]): MicroTask[] => {
          if (id === Compression.none) return []
          const compressed = compress(id, bytes)
          const figures = { operations: 1, bytes: size }
          return [
            {
              name: `${codec}, ${size} B to ${compressed.length}`,
              ...figures,
              run: () => compress(id, bytes).length,
            },
            { name: `${codec}, back`, ...figures, run: () => decompress(id, compressed, size).length },
          ]
        })
      }),
    }
  },
}
