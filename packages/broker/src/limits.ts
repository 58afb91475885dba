import { strict as assert } from 'node:assert'
import type { BrokerConfig } from './config/broker-config.ts'

const KIB = 1024
const MIB = 1024 * KIB

/**
 * Every bound of the broker that is not the log's or a group's, in one place, so that their
 * relations can be seen and asserted. Full means refuse or pause, never grow.
 */
export interface Limits {
  /** Largest request frame; a larger one closes its connection before any of it is kept. */
  readonly maxFrameBytes: number
  readonly maxConnections: number
  readonly maxConnectionsPerAddress: number
  /** Addresses with a limit of their own. */
  readonly connectionLimitOf: ReadonlyMap<string, number>
  /** Requests of one connection whose answers are still to come. librdkafka pipelines without a bound. */
  readonly maxRequestsInFlight: number
  /** Bytes of those requests. At least one is always let in, whatever its size. */
  readonly maxBytesInFlight: number
  /** While nothing can start, reading goes on up to this many bytes, then the peer is slowed down. */
  readonly readAheadBytes: number
  /** Received bytes of unfinished requests over all connections: above it, large frames are read one at a time. */
  readonly maxReceivedBytesInAll: number
  /** How long a connection that memory is held for may make no progress, while there is too little for the others. */
  readonly maxStallMs: number
  /** Answers of one connection that its peer has not taken: no further request starts above this. */
  readonly maxUnsentBytes: number
  /**
   * The same over all connections, so that slow readers cannot add up: answers to Fetch shrink on the way there; above it
   * no fetch starts behind answers that its peer has not taken, and above twice of it none at all.
   */
  readonly maxUnsentBytesInAll: number
  /** The size to which a Fetch answer may shrink then. */
  readonly minFetchBytes: number
  /** Largest answer to one Fetch. */
  readonly maxFetchBytes: number
  /**
   * What the partitions of one Fetch answer share, each its part or one batch. Measured: answers of 50 MiB, which
   * librdkafka asks for, made malloc give memory back and take it again for every one of them, and cost twice the CPU.
   */
  readonly sharedFetchBytes: number
  /** A batch may not unfold to more than this when it is validated. */
  readonly maxDecompressedBytes: number
  /**
   * Compressed batches above this are decompressed on the thread pool. Measured: 64 KiB of gzip take 2 ms, of lz4 and
   * zstd 0.2 ms; the way to the pool and back costs 0.05 to 0.1 ms.
   */
  readonly offLoopCompressedBytes: number
  readonly maxFetchSessions: number
  /** Over all sessions: a session costs by its partitions. */
  readonly maxFetchSessionPartitions: number
  readonly maxTopics: number
  readonly maxPartitions: number
  /** One topic: creating its directories must not stall the loop for seconds. */
  readonly maxPartitionsPerTopic: number
  /** Of one core: what compaction may take while requests are served. */
  readonly compactionShare: number
  /** How often a log that a failing disk took offline is tried again. */
  readonly reopenIntervalMs: number
  /** How long `close` waits for answers on their way, before it closes the connections. */
  readonly closeGraceMs: number
  /** How often connections are looked through for idle and stalled ones. */
  readonly idleSweepMs: number
}

/** The limits that follow from the configuration. Asserts how they must relate. */
export function limitsFrom(config: BrokerConfig): Limits {
  const limits: Limits = {
    maxFrameBytes: config['socket.request.max.bytes'],
    maxConnections: config['max.connections'],
    maxConnectionsPerAddress: config['max.connections.per.ip'],
    connectionLimitOf: config['max.connections.per.ip.overrides'],
    maxRequestsInFlight: 1024,
    maxBytesInFlight: 16 * MIB,
    readAheadBytes: 256 * KIB,
    maxReceivedBytesInAll: 128 * MIB,
    maxStallMs: 5_000,
    maxUnsentBytes: MIB,
    maxUnsentBytesInAll: 128 * MIB,
    minFetchBytes: 64 * KIB,
    maxFetchBytes: config['fetch.max.bytes'],
    sharedFetchBytes: 8 * MIB,
    maxDecompressedBytes: Math.max(64 * MIB, config['message.max.bytes'] * 16),
    offLoopCompressedBytes: 64 * KIB,
    maxFetchSessions: config['max.incremental.fetch.session.cache.slots'],
    maxFetchSessionPartitions: 1_000_000,
    maxTopics: config['millrace.max.topics'],
    maxPartitions: config['millrace.max.partitions'],
    maxPartitionsPerTopic: 10_000,
    compactionShare: 0.3,
    reopenIntervalMs: 5_000,
    closeGraceMs: 1500,
    idleSweepMs: 2_000,
  }
  assert(limits.maxFrameBytes > 0)
  assert(limits.readAheadBytes <= limits.maxBytesInFlight, 'what is read ahead must be able to start')
  assert(limits.maxBytesInFlight <= limits.maxReceivedBytesInAll, 'one connection must fit among all')
  assert(limits.maxUnsentBytes <= limits.maxUnsentBytesInAll)
  assert(limits.minFetchBytes <= limits.maxUnsentBytes)
  assert(limits.maxPartitionsPerTopic <= limits.maxPartitions || limits.maxPartitions < 10_000)
  assert(limits.closeGraceMs < 2000, 'close must end within two seconds')
  return limits
}
