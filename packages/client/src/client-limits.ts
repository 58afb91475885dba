import { strict as assert } from 'node:assert'

const KIB = 1024
const MIB = 1024 * KIB

/** Every bound of the client that is not an option, and the bounds of the options. */
export const LIMITS = {
  minResponseBytes: 64 * KIB,
  defaultResponseBytes: 128 * MIB,
  maxResponseBytes: 1024 * MIB,
  /** Requests that wait for an answer on one connection. */
  maxPendingRequests: 10_000,
  /** Batches on their way to one broker: a broker remembers the last five of a producer (trap 18). */
  maxBatchesInFlight: 5,
  /** Sends that wait for buffer space or metadata. Beyond it `send` rejects with BUFFER_FULL. */
  maxWaitingSends: 1_000_000,
  /** Bytes that are fetched ahead of the reader, all partitions together. */
  readAheadBytes: { min: 64 * KIB, max: 1024 * MIB, default: 16 * MIB },
  /** Bytes of one partition in one answer to a Fetch: a batch that is larger comes whole all the same. */
  partitionBytes: 2 * MIB,
  /** Records of one batch that are decoded at a time. */
  recordsPerStep: 512,
  /**
   * Records of one partition that are done and cannot be committed, as an older one is still in the program's
   * hands. Each has to be remembered, and would be handled again after a crash.
   */
  maxDoneBehind: 10_000,
  /** How long a broker holds a Fetch that finds nothing, in ms. */
  fetchWaitMs: 500,
  minBatchBytes: KIB,
  maxBatchBytes: 64 * MIB,
  /** One decompressed batch: a bomb must not take the process down. */
  maxDecompressedBytes: 256 * MIB,
} as const

assert(LIMITS.minResponseBytes < LIMITS.defaultResponseBytes)
assert(LIMITS.defaultResponseBytes <= LIMITS.maxResponseBytes)
assert(LIMITS.maxBatchBytes < LIMITS.defaultResponseBytes)
