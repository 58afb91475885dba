import { createRequire } from 'node:module'
import { crc32c } from '@millrace/record-batch'
import type { MicroSuite, MicroTask } from '../harness/micro-suite.ts'

interface Native {
  crc32c(bytes: Buffer, seed: number): number
}
interface JavaScript {
  buf(bytes: Buffer, seed: number): number
}

const SIZES = [16, 100, 256, 320, 1_024, 16_384, 1_048_576] as const
const CALLS_PER_RUN = 64

/** Which implementation for which size: the figures behind decision 0001. */
export const crc32cSuite: MicroSuite = {
  name: 'crc32c',
  about: 'CRC-32C of views of a larger buffer',
  open: () => {
    const require = createRequire(import.meta.resolve('@millrace/record-batch'))
    const javascript: JavaScript = require('crc-32/crc32c.js')
    const native: Native = require('@node-rs/crc32')
    const buffer = Buffer.alloc(2 * 1_048_576, 'millrace, an event log; ')
    return {
      tasks: SIZES.flatMap((size): MicroTask[] => [
        {
          ...task(`crc-32, ${size} B`, size, (at) => javascript.buf(buffer.subarray(at, at + size), 0)),
          isReference: true,
        },
        task(`@node-rs/crc32, ${size} B`, size, (at) => native.crc32c(buffer.subarray(at, at + size), 0)),
        task(`crc32c(), ${size} B`, size, (at) => crc32c(buffer, at, at + size)),
      ]),
    }
  },
}

function task(name: string, size: number, checksum: (at: number) => number): MicroTask {
  return {
    name,
    operations: CALLS_PER_RUN,
    bytes: CALLS_PER_RUN * size,
    run() {
      let sum = 0
      for (let at = 0; at < CALLS_PER_RUN; at++) sum ^= checksum(at)
      return sum
    },
  }
}
