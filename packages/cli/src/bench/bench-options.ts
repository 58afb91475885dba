import { CommandError } from '../command-error.ts'
import type { BenchArguments } from '../commands/bench.ts'
import { parseRate } from '../pace.ts'
import { wholeNumber } from '../read-argument.ts'

/** What is measured, and how. */
export interface BenchOptions {
  readonly what: BenchArguments['what']
  readonly topic: string | null
  readonly topics: number
  readonly partitions: number
  /** Of the values, in turn. */
  readonly sizesBytes: readonly number[]
  /** Null: as fast as it goes. */
  readonly perSecond: number | null
  readonly durationMs: number
  readonly records: number
  readonly acks: 'all' | 1 | 0
  readonly compression: BenchArguments['compression']
}

const KINDS: readonly string[] = ['produce', 'consume', 'latency', 'mixed']
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }
/** The moment at which a record was due stands at its beginning. */
export const STAMP_BYTES = 8

/** Reads the command line: one measurement for each rate that it names. */
export function benchOptions(args: BenchArguments): readonly BenchOptions[] {
  if (!KINDS.includes(args.what))
    throw new CommandError(`bench ${args.what}: name one of ${KINDS.join(', ')}`)
  const rates = args.rate?.split(',').map((rate) => parseRate('--rate', rate)) ?? [null]
  const options: Omit<BenchOptions, 'perSecond'> = {
    what: args.what,
    topic: args.topic ?? null,
    topics: wholeNumber('--topics', args.topics, 1),
    partitions: wholeNumber('--partitions', args.partitions, 1),
    sizesBytes: args.size.split(',').map((size) => wholeNumber('--size', size, STAMP_BYTES)),
    durationMs: parseDuration('--duration', args.duration),
    records: wholeNumber('--records', args.records, 1),
    acks: args.acks === 'all' ? 'all' : args.acks === '1' ? 1 : 0,
    compression: args.compression,
  }
  const usual = args.what === 'latency' ? 1_000 : null
  return rates.map((perSecond) => ({ ...options, perSecond: perSecond ?? usual }))
}

/** Reads `10s`, `500ms`, `5m`. */
export function parseDuration(flag: string, text: string): number {
  const [, count, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? []
  const ms = Number(count) * (UNIT_MS[unit] ?? Number.NaN)
  if (ms > 0) return ms
  throw new CommandError(`${flag} ${text}: expected a time, such as 10s or 5m`)
}
