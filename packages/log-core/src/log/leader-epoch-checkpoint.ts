import { strict as assert } from 'node:assert'
import { crc32c } from '@millrace/record-batch'

/** From `startOffset` on, batches carry `epoch`. */
export interface EpochEntry {
  readonly epoch: number
  readonly startOffset: number
}

export const LEADER_EPOCH_CHECKPOINT = 'leader-epoch-checkpoint'
const FORMAT_VERSION = '0'
const CHECKSUM_CHARACTERS = 32
const UNKNOWN_EPOCH = { leaderEpoch: -1, endOffset: -1 }

/**
 * Which leader epoch each offset was written under; Kafka's LeaderEpochFileCache and its file:
 *
 *   "0" newline, number of entries, newline, then "epoch startOffset" newline for each, both ascending
 *
 * Kafka's file has no checksum, and a flipped bit makes another epoch of it. Ours ends the last entry with the CRC-32C
 * of all before it, as 32 spaces (0) and tabs (1): Kafka passes over white space there.
 *
 * An offset is used again only under a higher epoch, so consumers that saw lost records can tell.
 */
export class LeaderEpochs {
  #entries: readonly EpochEntry[]

  constructor(entries: readonly EpochEntry[]) {
    for (let i = 1; i < entries.length; i++)
      assert(isAscending(entries[i - 1], entries[i]), 'epochs must ascend')
    this.#entries = entries
  }

  get entries(): readonly EpochEntry[] {
    return this.#entries
  }

  /** -1 when no epoch has begun. */
  get latest(): number {
    return this.#entries.at(-1)?.epoch ?? -1
  }

  /** A new epoch begins. Entries that would begin at or behind the same offset have no batches and go. */
  assign({ epoch, startOffset }: EpochEntry): void {
    assert(epoch > this.latest, `epoch ${epoch} does not follow ${this.latest}`)
    this.#entries = [
      ...this.#entries.filter((entry) => entry.startOffset < startOffset),
      { epoch, startOffset },
    ]
  }

  /** What a batch at `offset` has to carry; -1 when the log began later. */
  epochOf(offset: number): number {
    return this.#entries.findLast((entry) => entry.startOffset <= offset)?.epoch ?? -1
  }

  /** Where the epoch, or the last one before it, ends: Kafka's answer to OffsetForLeaderEpoch. */
  endOffsetOf(epoch: number, logEndOffset: number): { leaderEpoch: number; endOffset: number } {
    if (epoch < 0 || epoch > this.latest) return UNKNOWN_EPOCH
    if (epoch === this.latest) return { leaderEpoch: epoch, endOffset: logEndOffset }
    const nextIndex = this.#entries.findIndex((entry) => entry.epoch > epoch)
    const next = this.#entries[nextIndex]
    assert(next !== undefined, 'an epoch below the latest has a later one')
    const floor = this.#entries[nextIndex - 1]
    return { leaderEpoch: floor?.epoch ?? epoch, endOffset: next.startOffset }
  }

  /** The log's beginning moved: the epoch in force there begins there, earlier ones are forgotten. */
  truncateBefore(logStartOffset: number): void {
    const inForce = this.#entries.findLast((entry) => entry.startOffset <= logStartOffset)
    if (inForce === undefined) return
    const later = this.#entries.filter((entry) => entry.startOffset > logStartOffset)
    this.#entries = [{ epoch: inForce.epoch, startOffset: logStartOffset }, ...later]
  }

  encode(): Buffer {
    const lines = this.#entries.map(({ epoch, startOffset }) => `${epoch} ${startOffset}`)
    const text = [FORMAT_VERSION, lines.length, ...lines].join('\n')
    return Buffer.from(`${text}${lines.length > 0 ? checksumOf(text) : ''}\n`)
  }
}

/** Null when the bytes are no checkpoint: the caller knows what that means for its log. */
export function decodeLeaderEpochs(bytes: Buffer): LeaderEpochs | null {
  const text = withoutChecksum(bytes.toString('latin1'))
  if (text === null) return null
  const [version, count, ...rest] = text.split('\n')
  const end = rest.pop()
  if (version !== FORMAT_VERSION || end !== '' || count !== String(rest.length)) return null
  const entries: EpochEntry[] = []
  for (const line of rest) {
    const match = /^(\d{1,10}) (\d{1,16})$/.exec(line)
    if (match === null) return null
    const entry = { epoch: Number(match[1]), startOffset: Number(match[2]) }
    if (entries.length > 0 && !isAscending(entries.at(-1), entry)) return null
    entries.push(entry)
  }
  return new LeaderEpochs(entries)
}

function checksumOf(text: string): string {
  const crc = crc32c(Buffer.from(text, 'latin1'))
  return crc.toString(2).padStart(CHECKSUM_CHARACTERS, '0').replaceAll('0', ' ').replaceAll('1', '\t')
}

/** Null when the checksum does not fit. A file that Kafka wrote has none. */
function withoutChecksum(text: string): string | null {
  const match = /^(.*\S)([ \t]+)\n$/s.exec(text)
  const [, covered, checksum] = match ?? []
  if (covered === undefined) return text
  return checksum === checksumOf(covered) ? `${covered}\n` : null
}

function isAscending(before: EpochEntry | undefined, after: EpochEntry | undefined): boolean {
  assert(before !== undefined && after !== undefined)
  return before.epoch < after.epoch && before.startOffset < after.startOffset
}
