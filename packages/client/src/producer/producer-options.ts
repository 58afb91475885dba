import { Compression, type CompressionId, type CompressionName } from '@millrace/record-batch'
import { LIMITS } from '../client-limits.ts'
import { choiceOption, integerOption, invalidOption, refuseUnknownOptions } from '../option-check.ts'

/** How a producer trades latency, throughput and memory. The defaults lose nothing and keep order. */
export interface ProducerOptions {
  /** Who has to have the records before they count as written: on Millrace `all` is stable storage. Default `all`. */
  readonly acks?: 'all' | 1 | 0
  /** Every record is written once, in order, however often it has to be sent. Needs acks=all. Default true. */
  readonly idempotent?: boolean
  /** Default `lz4`. */
  readonly compression?: CompressionName
  /** A batch is sent when it has this many bytes before compression, at the latest. Default 512 KiB. */
  readonly batchBytes?: number
  /**
   * How long a batch may wait for more records while the broker is busy with earlier ones, in ms.
   * An idle broker gets a batch at the end of the turn of the event loop. Default 5.
   */
  readonly lingerMs?: number
  /** Bytes of records that wait to be sent or answered; then `send` waits. Default 64 MiB. */
  readonly bufferBytes?: number
  /**
   * Time for a record from `send` to its acknowledgement, in ms, with the look-up of the topic, waiting for room
   * and all retries. Of `sendMany` each record's time begins when there is room for it. Default 120,000.
   */
  readonly deliveryTimeoutMs?: number
  /** Bytes of one Produce request, all partitions together. Default 4 MiB. */
  readonly maxRequestBytes?: number
}

/** The options with every default filled in. */
export interface ProducerSettings {
  readonly acks: -1 | 0 | 1
  readonly idempotent: boolean
  readonly compression: CompressionId
  readonly batchBytes: number
  readonly lingerMs: number
  readonly bufferBytes: number
  readonly deliveryTimeoutMs: number
  readonly maxRequestBytes: number
}

const OPTION_NAMES = [
  'acks',
  'idempotent',
  'compression',
  'batchBytes',
  'lingerMs',
  'bufferBytes',
  'deliveryTimeoutMs',
  'maxRequestBytes',
]
const COMPRESSION_NAMES: readonly CompressionName[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']
const KIB = 1024
const MIB = 1024 * KIB
const DAY_MS = 86_400_000

/** Checks the options and fills in the defaults. Throws INVALID_OPTION, naming the option. */
export function resolveProducerOptions(options: ProducerOptions): ProducerSettings {
  refuseUnknownOptions('producer', options, OPTION_NAMES)
  const acks = choiceOption<'all' | 0 | 1>('acks', options.acks, ['all', 0, 1], 'all')
  const idempotent = choiceOption('idempotent', options.idempotent, [true, false], acks === 'all')
  if (idempotent && acks !== 'all') {
    throw invalidOption(
      'idempotent',
      true,
      'false with acks 0 or 1: a broker remembers sequences for acks=all only',
    )
  }
  const compression = choiceOption('compression', options.compression, COMPRESSION_NAMES, 'lz4')
  const bytes = (name: 'batchBytes' | 'bufferBytes' | 'maxRequestBytes', fallback: number): number =>
    integerOption(name, options[name], {
      min: LIMITS.minBatchBytes,
      max: name === 'bufferBytes' ? Number.MAX_SAFE_INTEGER : LIMITS.maxBatchBytes,
      default: fallback,
    })
  return {
    acks: acks === 'all' ? -1 : acks,
    idempotent,
    compression: Compression[compression],
    batchBytes: bytes('batchBytes', 512 * KIB),
    lingerMs: integerOption('lingerMs', options.lingerMs, { min: 0, max: DAY_MS, default: 5 }),
    bufferBytes: bytes('bufferBytes', 64 * MIB),
    deliveryTimeoutMs: integerOption('deliveryTimeoutMs', options.deliveryTimeoutMs, {
      min: 1,
      max: DAY_MS,
      default: 120_000,
    }),
    maxRequestBytes: bytes('maxRequestBytes', 4 * MIB),
  }
}
