import { strict as assert } from 'node:assert'
import { crc32c } from '@millrace/record-batch'

/**
 * One record of the marks file. All have the same size, so that one which is damaged does not hide the next.
 *
 *   mark   := tag:4 topicId:16 partition:4 leaderEpoch:4 segmentBaseOffset:8 position:8 nextOffset:8
 *             logStartOffset:8 bootHash:4 crc:4
 *   header := tag:4 formatVersion:4 windowBytes:8 stateMarks:4 zeros:44 crc:4
 *
 *   tag         that of a mark, of a mark that takes all earlier ones of its partition back, or of a header
 *   stateMarks  so many marks follow that were synced together with the header; 0 where nobody wrote it down
 *   crc         CRC-32C over all that stands before it
 */
export interface SyncMark {
  /** 22 characters of base64url. */
  readonly topicId: string
  readonly partition: number
  readonly leaderEpoch: number
  /** The segment that was synced, and how far. */
  readonly segmentBaseOffset: number
  readonly position: number
  /** The offset behind the last synced batch. */
  readonly nextOffset: number
  readonly logStartOffset: number
  /** Of the machine's boot id: while it stays the same, the page cache has survived. */
  readonly bootHash: number
}

export const MARK_BYTES = 68

const MARK_TAG = 0x4d52_4d31 // MRM1
const FORGOTTEN_TAG = 0x4d52_4d46 // MRMF
const HEADER_TAG = 0x4d52_4d48 // MRMH
const FORMAT_VERSION = 1
const CRC_AT = MARK_BYTES - 4

/** A mark that the file does not hold yet. `isForgotten` says that the partition was deleted. */
export type MarkToWrite = SyncMark & { readonly isForgotten?: true }

/** One record behind the other. */
export function encodeMarks(marks: readonly MarkToWrite[]): Buffer {
  const bytes = Buffer.allocUnsafe(marks.length * MARK_BYTES)
  for (const [index, mark] of marks.entries()) encodeMark(bytes, index * MARK_BYTES, mark)
  return bytes
}

function encodeMark(bytes: Buffer, at: number, mark: MarkToWrite): void {
  bytes.writeUInt32BE(mark.isForgotten ? FORGOTTEN_TAG : MARK_TAG, at)
  const idBytes = bytes.write(mark.topicId, at + 4, 16, 'base64url')
  assert(idBytes === 16, `a topic id has 16 bytes: ${mark.topicId}`)
  bytes.writeInt32BE(mark.partition, at + 20)
  bytes.writeInt32BE(mark.leaderEpoch, at + 24)
  writeUint64(bytes, at + 28, mark.segmentBaseOffset)
  writeUint64(bytes, at + 36, mark.position)
  writeUint64(bytes, at + 44, mark.nextOffset)
  writeUint64(bytes, at + 52, mark.logStartOffset)
  bytes.writeUInt32BE(mark.bootHash, at + 60)
  bytes.writeUInt32BE(crc32c(bytes, at, at + CRC_AT), at + CRC_AT)
}

export function encodeMarksHeader({
  windowBytes,
  stateMarks,
}: {
  windowBytes: number
  stateMarks: number
}): Buffer {
  const bytes = Buffer.alloc(MARK_BYTES)
  bytes.writeUInt32BE(HEADER_TAG, 0)
  bytes.writeUInt32BE(FORMAT_VERSION, 4)
  writeUint64(bytes, 8, windowBytes)
  bytes.writeUInt32BE(stateMarks, 16)
  bytes.writeUInt32BE(crc32c(bytes, 0, CRC_AT), CRC_AT)
  return bytes
}

export interface FoundMark {
  readonly mark: SyncMark
  readonly isForgotten: boolean
}

export interface MarksFileContent {
  readonly windowBytes: number | null
  /** In the order in which they were written. */
  readonly marks: readonly FoundMark[]
  /** Records that are not what was written: an unsynced tail, or rot. */
  readonly damagedCount: number
  /** The file ends before the end of what was synced when it began. */
  readonly isCut: boolean
}

/** Reads every whole record and passes over the damaged ones. */
export function decodeMarksFile(bytes: Buffer): MarksFileContent {
  const marks: FoundMark[] = []
  let windowBytes: number | null = null
  let stateMarks = 0
  let damagedCount = bytes.length % MARK_BYTES === 0 ? 0 : 1
  for (let at = 0; at + MARK_BYTES <= bytes.length; at += MARK_BYTES) {
    const tag = bytes.readUInt32BE(at)
    if (bytes.readUInt32BE(at + CRC_AT) !== crc32c(bytes, at, at + CRC_AT)) damagedCount++
    else if (tag === MARK_TAG || tag === FORGOTTEN_TAG) {
      marks.push({ mark: decodeMark(bytes, at), isForgotten: tag === FORGOTTEN_TAG })
    } else if (tag === HEADER_TAG) {
      windowBytes = readUint64(bytes, at + 8)
      stateMarks = bytes.readUInt32BE(at + 16)
    } else damagedCount++
  }
  const isCut = bytes.length < (1 + stateMarks) * MARK_BYTES
  return { windowBytes, marks, damagedCount, isCut }
}

/** A boot id is text of any form; 32 bits of it are enough to tell two starts of one machine apart. */
export function hashBootId(bootId: string): number {
  return crc32c(Buffer.from(bootId))
}

function decodeMark(bytes: Buffer, at: number): SyncMark {
  return {
    topicId: bytes.toString('base64url', at + 4, at + 20),
    partition: bytes.readInt32BE(at + 20),
    leaderEpoch: bytes.readInt32BE(at + 24),
    segmentBaseOffset: readUint64(bytes, at + 28),
    position: readUint64(bytes, at + 36),
    nextOffset: readUint64(bytes, at + 44),
    logStartOffset: readUint64(bytes, at + 52),
    bootHash: bytes.readUInt32BE(at + 60),
  }
}

function writeUint64(bytes: Buffer, at: number, value: number): void {
  assert(Number.isSafeInteger(value) && value >= 0, `an offset or a position, not ${value}`)
  const high = Math.floor(value / 0x1_0000_0000)
  bytes.writeUInt32BE(high, at)
  bytes.writeUInt32BE(value - high * 0x1_0000_0000, at + 4)
}

function readUint64(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4)
}
