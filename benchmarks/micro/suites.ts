import type { MicroSuite } from '../harness/micro-suite.ts'
import { appendEachSuite } from './append-each.ts'
import { appendManySuite } from './append-many.ts'
import { batchBuildSuite } from './batch-build.ts'
import { batchReadSuite } from './batch-read.ts'
import { batchValidateSuite } from './batch-validate.ts'
import { compressionSuite } from './compression.ts'
import { crc32cSuite } from './crc32c.ts'
import { logReadSuite } from './log-read.ts'
import { protocolSuite } from './protocol.ts'

/** Every suite, in the order in which they run. */
export const SUITES: readonly MicroSuite[] = [
  crc32cSuite,
  compressionSuite,
  batchBuildSuite,
  batchReadSuite,
  batchValidateSuite,
  protocolSuite,
  appendManySuite,
  appendEachSuite,
  logReadSuite,
]
