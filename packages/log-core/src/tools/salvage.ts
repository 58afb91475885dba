import {
  BATCH_HEADER_BYTES,
  CorruptBatchError,
  readBatchHeader,
  stampBatch,
  verifyBatchCrc,
} from '@millrace/record-batch'
import { findGoodBatch } from '../segment/batch-search.ts'
import { type ByteSource, type FoundBatch, readChunk, scanSegment } from '../segment/segment-scan.ts'

/** Bytes of a segment that are no good batch: `[position, endPosition)`. */
export interface DamagedRange {
  readonly position: number
  readonly endPosition: number
  /** The offsets that were there, as far as the neighbours tell: `[firstOffset, endOffset)`. */
  readonly firstOffset: number
  /** Null behind the last good batch. */
  readonly endOffset: number | null
  readonly message: string
  /**
   * The records are whole, by their CRC: only fields of the header that it leaves out are damaged, and the neighbours
   * say what they were.
   */
  readonly isRestorable: boolean
}

export interface SalvageOptions {
  readonly baseOffset: number
  /** A compacted segment skips offsets; in any other one a gap is damage as well. */
  readonly hasGaps: boolean
  /** -1 where it is not known. */
  readonly epochOf: (offset: number) => number
}

/** Within one segment no offset is further away than an index can say. */
const MAX_JUMP = 0x7fff_ffff
const BATCH_LENGTH_AT = 8
const MAGIC_AT = 16

/**
 * Some batches, which are good or could be restored; or something between them; or the end, with the offset behind the
 * last batch.
 */
export type SalvageStep =
  | { readonly kind: 'batches'; readonly batches: readonly FoundBatch[] }
  | ({ readonly kind: 'damage' } & DamagedRange)
  | { readonly kind: 'end'; readonly nextOffset: number }

/** So much of a segment is held at a time. */
const WINDOW_BYTES = 4 * 1024 * 1024
/** All batches of a window are held at once, so that no chunk of it may take the memory of the one before. */
const NEW_MEMORY = { take: (length: number): Buffer => Buffer.allocUnsafeSlow(length) }

/**
 * Walks a segment from beginning to end and goes on behind damage, with the next good batch. An offset that jumps is
 * told as an empty damaged range.
 */
export async function* salvageSegment(
  source: ByteSource,
  options: SalvageOptions,
): AsyncGenerator<SalvageStep, void, void> {
  const { hasGaps, epochOf } = options
  let position = 0
  let nextOffset = options.baseOffset
  let minEpoch = -1
  let windowBytes = WINDOW_BYTES
  while (position < source.sizeBytes) {
    const batches: FoundBatch[] = []
    const window = windowOf(source, position + windowBytes)
    const rules = { from: position, nextOffset, hasGaps, minEpoch, epochOf }
    const end = await scanSegment(window, rules, (batch) => void batches.push(batch), NEW_MEMORY)
    if (batches.length > 0) yield { kind: 'batches', batches }
    const isProgress = end.position > position
    position = end.position
    nextOffset = end.nextOffset
    minEpoch = end.epoch
    if (end.kind === 'end') continue
    if (end.kind === 'cut-off' && window.sizeBytes < source.sizeBytes) {
      // Cut off by the window only. A batch that is larger than it gets a larger one.
      windowBytes = isProgress ? WINDOW_BYTES : windowBytes * 2
      continue
    }
    const damage = await damageAt(source, { position, nextOffset, minEpoch, message: end.message })
    const restored = await restoreBatch(source, damage, { minEpoch, epochOf })
    yield { kind: 'damage', ...damage, isRestorable: restored !== null }
    if (restored !== null) {
      yield { kind: 'batches', batches: [restored] }
      nextOffset = restored.header.lastOffset + 1
      minEpoch = restored.header.partitionLeaderEpoch
    } else if (damage.endOffset !== null) nextOffset = damage.endOffset
    position = damage.endPosition
    windowBytes = WINDOW_BYTES
  }
  yield { kind: 'end', nextOffset }
}

function windowOf(source: ByteSource, end: number): ByteSource {
  return {
    sizeBytes: Math.min(source.sizeBytes, end),
    readInto: (position, target, length) => source.readInto(position, target, length),
  }
}

async function damageAt(
  source: ByteSource,
  at: { position: number; nextOffset: number; minEpoch: number; message: string },
): Promise<Omit<DamagedRange, 'isRestorable'>> {
  const { position, nextOffset, minEpoch, message } = at
  const next = await findNext(source, { position, minOffset: nextOffset, minEpoch })
  return {
    position,
    endPosition: next?.position ?? source.sizeBytes,
    firstOffset: nextOffset,
    endOffset: next?.baseOffset ?? null,
    message,
  }
}

/** The next batch that can be believed. It may lie right at the damage: then only the offsets do not join up. */
async function findNext(
  source: ByteSource,
  { position, minOffset, minEpoch }: { position: number; minOffset: number; minEpoch: number },
): Promise<{ position: number; baseOffset: number } | null> {
  for (let from = position + 1; ; ) {
    const found = await findGoodBatch(source, { from, minOffset })
    if (found === null) return null
    // A lower epoch than before is no later batch of this log: its own header is damaged.
    const { baseOffset, partitionLeaderEpoch } = found.header
    if (partitionLeaderEpoch >= minEpoch && baseOffset - minOffset <= MAX_JUMP) {
      return { position: found.position, baseOffset }
    }
    from = found.position + 1
  }
}

/** Takes the damaged bytes for one batch, with the fields that its CRC leaves out as its neighbours want them. */
async function restoreBatch(
  source: ByteSource,
  damage: { position: number; endPosition: number; firstOffset: number; endOffset: number | null },
  { minEpoch, epochOf }: { minEpoch: number; epochOf: (offset: number) => number },
): Promise<FoundBatch | null> {
  const { position, endPosition, firstOffset, endOffset } = damage
  const sizeBytes = endPosition - position
  if (sizeBytes < BATCH_HEADER_BYTES) return null
  const buffer = await readChunk(source, NEW_MEMORY, position, sizeBytes)
  buffer.writeInt32BE(sizeBytes - 12, BATCH_LENGTH_AT)
  buffer.writeInt8(2, MAGIC_AT)
  const epoch = epochOf(firstOffset)
  const partitionLeaderEpoch = epoch >= 0 ? epoch : Math.max(minEpoch, 0)
  stampBatch(buffer, 0, { baseOffset: firstOffset, partitionLeaderEpoch })
  if (!verifyBatchCrc(buffer, 0, sizeBytes)) return null
  try {
    const header = readBatchHeader(buffer)
    if (endOffset !== null && header.lastOffset + 1 !== endOffset) return null
    return { buffer, at: 0, position, header }
  } catch (error) {
    if (error instanceof CorruptBatchError) return null
    throw error
  }
}
