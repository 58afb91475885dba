import {
  BATCH_HEADER_BYTES,
  type BatchHeader,
  CorruptBatchError,
  readBatchHeader,
  verifyBatchCrc,
} from '@millrace/record-batch'
import type { LogSegment } from './log-segment.ts'
import { hasGoodCrc } from './piecewise-crc.ts'
import type { SegmentCache } from './segment-cache.ts'
import type { SegmentBatch } from './segment-writer.ts'

/** Where bytes come from: a segment, or a file that a tool looks at. */
export interface ByteSource {
  readonly sizeBytes: number
  /** As `FileHandle.readInto`: fewer bytes than asked only at the end. */
  readInto(position: number, target: Buffer, length: number): Promise<number>
}

export interface ScanOptions {
  /** Where a batch begins. */
  readonly from: number
  /** What its base offset must be at least, and exactly unless the offsets have gaps. */
  readonly nextOffset: number
  /** A compacted segment skips offsets; any other one must join up. */
  readonly hasGaps: boolean
  /** No batch may have a lower one than this, nor than the batch before it. */
  readonly minEpoch: number
  /** The epoch that a batch at this offset must have, -1 when that is not known. */
  readonly epochOf?: (offset: number) => number
}

/** A batch as the scan meets it: in `buffer` at `at`, in the file at `position`. The buffer is only lent. */
export interface FoundBatch {
  readonly buffer: Buffer
  readonly at: number
  readonly position: number
  readonly header: BatchHeader
}

/**
 * How a scan ended. `position` is the first byte that is not part of a good batch.
 *
 *   end      all bytes are good batches
 *   cut-off  the bytes begin a batch that the file's end cuts short, as a torn append does
 *   broken   anything else
 */
export interface ScanEnd {
  readonly kind: 'end' | 'cut-off' | 'broken'
  readonly position: number
  readonly nextOffset: number
  readonly epoch: number
  /** What was seen and expected; empty at the end. */
  readonly message: string
}

const CHUNK_BYTES = 1024 * 1024
/** A batch that claims more is looked at in pieces before memory is taken for it. */
const LARGEST_BELIEVED_BYTES = 16 * 1024 * 1024

/** A segment as a source of bytes. */
export function readableSegment(segment: LogSegment, cache: SegmentCache): ByteSource {
  return {
    sizeBytes: segment.sizeBytes,
    readInto: (position, target, length) => segment.readInto(cache, position, target, length),
  }
}

/** A batch that a scan found, as a segment writer takes it in. The bytes are only lent. */
export function asSegmentBatch({ buffer, at, header }: FoundBatch): SegmentBatch {
  const { sizeBytes, baseOffset, lastOffset, maxTimestampMs } = header
  return { buffer: buffer.subarray(at, at + sizeBytes), sizeBytes, baseOffset, lastOffset, maxTimestampMs }
}

/** How a whole sealed segment is walked when nothing more is known about it: it may have been compacted. */
export function scanOfSealed(segment: LogSegment): ScanOptions {
  return { from: 0, nextOffset: segment.baseOffset, hasGaps: true, minEpoch: -1 }
}

/**
 * Walks the chain of batches and checks all of it: header, CRC, offsets that join up, epochs that do not fall. Stops
 * at the first byte that does not fit, without an opinion on what that means.
 */
export async function scanSegment(
  source: ByteSource,
  options: ScanOptions,
  visit: (batch: FoundBatch) => void = () => {},
  memory: LentMemory = new ScanMemory(),
): Promise<ScanEnd> {
  let chain: Chain = { position: options.from, nextOffset: options.nextOffset, epoch: options.minEpoch }
  let wantedBytes = CHUNK_BYTES
  while (chain.position < source.sizeBytes) {
    const buffer = await readChunk(
      source,
      memory,
      chain.position,
      Math.min(wantedBytes, source.sizeBytes - chain.position),
    )
    const isLastChunk = chain.position + buffer.length >= source.sizeBytes
    const step = walkChunk(buffer, chain, { ...options, isLastChunk }, visit)
    if (step.kind !== 'more') return { kind: step.kind, ...step.chain, message: step.message }
    chain = step.chain
    // A batch larger than the chunk: next time all of it, unless its length is not to be believed.
    wantedBytes = Math.max(CHUNK_BYTES, step.neededBytes)
    if (wantedBytes > LARGEST_BELIEVED_BYTES) {
      const isThere = chain.position + wantedBytes <= source.sizeBytes
      if (!isThere)
        return { kind: 'cut-off', ...chain, message: `a batch of ${wantedBytes} bytes, cut short` }
      if (!(await hasGoodCrc(source, chain.position, wantedBytes)))
        return { kind: 'broken', ...chain, message: 'the CRC does not match' }
    }
    if (buffer.length === 0) break
  }
  return { kind: 'end', ...chain, message: '' }
}

/** Memory to read into. */
export interface LentMemory {
  /** At least so many bytes. */
  take(length: number): Buffer
}

/** The same memory again and again. Whoever scans many segments, one after the other, lends it to each. */
export class ScanMemory implements LentMemory {
  #memory: Buffer | null = null

  /** What was in them is over. */
  take(length: number): Buffer {
    if (this.#memory === null || this.#memory.length < length) this.#memory = Buffer.allocUnsafeSlow(length)
    return this.#memory
  }
}

/** Bytes from a position on, in the memory that is lent. */
export async function readChunk(
  source: ByteSource,
  memory: LentMemory,
  position: number,
  length: number,
): Promise<Buffer> {
  const target = memory.take(length)
  return target.subarray(0, await source.readInto(position, target, length))
}

interface Chain {
  readonly position: number
  readonly nextOffset: number
  readonly epoch: number
}

interface Step {
  readonly kind: 'more' | 'cut-off' | 'broken'
  readonly chain: Chain
  readonly neededBytes: number
  readonly message: string
}

function walkChunk(
  buffer: Buffer,
  start: Chain,
  rules: ScanOptions & { readonly isLastChunk: boolean },
  visit: (batch: FoundBatch) => void,
): Step {
  let chain = start
  let at = 0
  while (at < buffer.length) {
    const remainingBytes = buffer.length - at
    const cutOff = (neededBytes: number, message: string): Step => ({
      kind: rules.isLastChunk ? 'cut-off' : 'more',
      chain,
      neededBytes,
      message,
    })
    if (remainingBytes < BATCH_HEADER_BYTES)
      return cutOff(CHUNK_BYTES, `${remainingBytes} bytes, less than a header`)
    const header = headerAt(buffer, at)
    if (typeof header === 'string') return broken(chain, header)
    const mismatch = mismatchOf(header, chain, rules)
    if (mismatch !== null) return broken(chain, mismatch)
    if (header.sizeBytes > remainingBytes) {
      return cutOff(header.sizeBytes, `a batch of ${header.sizeBytes} bytes, ${remainingBytes} of them there`)
    }
    if (!verifyBatchCrc(buffer, at, header.sizeBytes)) return broken(chain, 'the CRC does not match')
    visit({ buffer, at, position: chain.position, header })
    at += header.sizeBytes
    chain = {
      position: chain.position + header.sizeBytes,
      nextOffset: header.lastOffset + 1,
      epoch: header.partitionLeaderEpoch,
    }
  }
  return { kind: 'more', chain, neededBytes: CHUNK_BYTES, message: '' }
}

function headerAt(buffer: Buffer, at: number): BatchHeader | string {
  try {
    return readBatchHeader(buffer, at)
  } catch (error) {
    if (error instanceof CorruptBatchError) return error.message
    throw error
  }
}

/** Indexes hold offsets as 32 bits, relative to the segment's base offset. */
const MAX_RELATIVE_OFFSET = 0x7fff_ffff

/** What is wrong with the fields that the batch CRC leaves out; null when they fit. */
function mismatchOf(header: BatchHeader, chain: Chain, rules: ScanOptions): string | null {
  const { baseOffset, partitionLeaderEpoch } = header
  const joins = rules.hasGaps ? baseOffset >= chain.nextOffset : baseOffset === chain.nextOffset
  if (!joins) return `base offset ${baseOffset}, expected ${chain.nextOffset}`
  if (header.lastOffset - rules.nextOffset > MAX_RELATIVE_OFFSET) {
    return `last offset ${header.lastOffset}, which no index of a segment at ${rules.nextOffset} can hold`
  }
  if (partitionLeaderEpoch < chain.epoch) return `leader epoch ${partitionLeaderEpoch} after ${chain.epoch}`
  const expectedEpoch = rules.epochOf?.(baseOffset) ?? -1
  if (expectedEpoch >= 0 && partitionLeaderEpoch !== expectedEpoch) {
    return `leader epoch ${partitionLeaderEpoch} at offset ${baseOffset}, expected ${expectedEpoch}`
  }
  return null
}

function broken(chain: Chain, message: string): Step {
  return { kind: 'broken', chain, neededBytes: 0, message }
}
