import {
  BATCH_HEADER_BYTES,
  CorruptBatchError,
  readBatchHeader,
  verifyBatchCrc,
} from '@millrace/record-batch'
import type { SimulatedDisk } from '../disk/simulated-disk.ts'

/** The segment files of one partition as they lay on the disk before recovery touched them, by base offset. */
export type SegmentImages = readonly { readonly baseOffset: number; readonly bytes: Buffer }[]

export interface ChainEnd {
  /** The offset behind the last whole batch of the chain. */
  readonly end: number
  /** Whether there are bytes behind it. */
  readonly isBroken: boolean
  /** Whether a whole batch of this log lies behind the break: then what lies between is a hole. */
  readonly hasBatchBehindBreak: boolean
  /**
   * Where the log may end as well: at a batch that a failed write left and that was cut off, when power failed before
   * the cut was synced and after the log had gone on from there under a later epoch. Null without one.
   */
  readonly staleFrom: number | null
}

const LIVE_SEGMENT = /^(\d{20})\.log$/

export function copySegments(disk: SimulatedDisk, directory: string): SegmentImages {
  const images: { baseOffset: number; bytes: Buffer }[] = []
  for (const { path, node } of disk.files()) {
    if (!path.startsWith(`${directory}/`)) continue
    const match = LIVE_SEGMENT.exec(path.slice(directory.length + 1))
    if (match !== null) images.push({ baseOffset: Number(match[1]), bytes: node.read(0, node.sizeBytes) })
  }
  return images.sort((a, b) => a.baseOffset - b.baseOffset)
}

/**
 * A second opinion on recovery, written without looking at it: how far whole batches follow each other from the
 * segment that holds `logStartOffset`. `epochAt` says under which epoch the log gave an offset last, -1 if never.
 */
export function findChain(
  images: SegmentImages,
  logStartOffset: number,
  epochAt: (offset: number) => number,
): ChainEnd {
  const first = images.findLastIndex((image) => image.baseOffset <= logStartOffset)
  let end = Math.max(0, images[first]?.baseOffset ?? logStartOffset)
  let epoch = -1
  let staleFrom: number | null = null
  for (const image of images.slice(Math.max(0, first))) {
    if (image.baseOffset !== end) break
    let position = 0
    while (position < image.bytes.length) {
      const header = wholeBatchAt(image.bytes, position)
      if (header === null || header.baseOffset !== end || header.partitionLeaderEpoch < epoch) {
        const hasBatchBehindBreak = hasBatchBehind(image.bytes, position, end)
        return { end, isBroken: true, hasBatchBehindBreak, staleFrom }
      }
      if (header.partitionLeaderEpoch < epochAt(end)) staleFrom ??= end
      end = header.lastOffset + 1
      epoch = header.partitionLeaderEpoch
      position += header.sizeBytes
    }
  }
  return { end, isBroken: false, hasBatchBehindBreak: false, staleFrom }
}

function wholeBatchAt(bytes: Buffer, position: number): ReturnType<typeof readBatchHeader> | null {
  if (position + BATCH_HEADER_BYTES > bytes.length) return null
  try {
    const header = readBatchHeader(bytes, position)
    if (position + header.sizeBytes > bytes.length) return null
    return verifyBatchCrc(bytes, position, header.sizeBytes) ? header : null
  } catch (error) {
    if (error instanceof CorruptBatchError) return null
    throw error
  }
}

function hasBatchBehind(bytes: Buffer, position: number, minOffset: number): boolean {
  for (let at = position + 1; at + BATCH_HEADER_BYTES <= bytes.length; at++) {
    const header = bytes[at + 16] === 2 ? wholeBatchAt(bytes, at) : null
    if (header !== null && header.baseOffset >= minOffset) return true
  }
  return false
}
