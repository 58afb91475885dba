import type { MicroSuite } from '../harness/micro-suite.ts'
import { batchBuildSuite } from './batch-build.ts'
import { batchReadSuite } from './batch-read.ts'
import { batchValidateSuite } from './batch-validate.ts'
import { compressionSuite } from './compression.ts'
import { crc32cSuite } from './crc32c.ts'

/** Every suite, in the order in which they run. */
export const SUITES: readonly MicroSuite[] = [
  crc32cSuite,
  compressionSuite,
  batchBuildSuite,
  batchReadSuite,
  batchValidateSuite,
]
