import { crc32c } from '@millrace/record-batch'

/**
 * The bytes of a journal file:
 *
 *     file   = magic: "MRJ1", record*
 *     record = length: uint32 (of the payload), crc: uint32, kind: uint8, payload
 *     kind 1 = entry: JSON in UTF-8
 *     kind 2 = mark:  position: uint48, the end of the bytes that a sync had covered
 *
 * The CRC is CRC-32C over length, kind and payload, so that no field can change unnoticed.
 */
export const JOURNAL_MAGIC = Buffer.from('MRJ1', 'latin1')

const RECORD_HEADER_BYTES = 9
const ENTRY_KIND = 1
const MARK_KIND = 2
const MARK_BYTES = 6
/** One entry; a topic with every configuration set stays far below. */
const MAX_PAYLOAD_BYTES = 1024 * 1024

/** A record of a journal, and where it ends. */
export type JournalRecord =
  | { readonly kind: 'entry'; readonly entry: unknown; readonly endPosition: number }
  | { readonly kind: 'mark'; readonly syncedPosition: number; readonly endPosition: number }

/** Encodes one entry. */
export function encodeEntry(entry: unknown): Buffer {
  return encodeRecord(ENTRY_KIND, Buffer.from(JSON.stringify(entry), 'utf8'))
}

/** Encodes the mark that says: a sync has covered everything before `syncedPosition`. */
export function encodeMark(syncedPosition: number): Buffer {
  const payload = Buffer.allocUnsafe(MARK_BYTES)
  payload.writeUIntBE(syncedPosition, 0, MARK_BYTES)
  return encodeRecord(MARK_KIND, payload)
}

/** The record that begins at `position`, or null when no valid one does. */
export function decodeRecord(bytes: Buffer, position: number): JournalRecord | null {
  if (bytes.length - position < RECORD_HEADER_BYTES) return null
  const payloadBytes = bytes.readUInt32BE(position)
  const endPosition = position + RECORD_HEADER_BYTES + payloadBytes
  if (payloadBytes > MAX_PAYLOAD_BYTES || endPosition > bytes.length) return null
  if (bytes.readUInt32BE(position + 4) !== recordCrc(bytes, position, endPosition)) return null
  const payload = bytes.subarray(position + RECORD_HEADER_BYTES, endPosition)
  switch (bytes[position + 8]) {
    case ENTRY_KIND:
      return { kind: 'entry', entry: JSON.parse(payload.toString('utf8')), endPosition }
    case MARK_KIND:
      if (payloadBytes !== MARK_BYTES) return null
      return { kind: 'mark', syncedPosition: payload.readUIntBE(0, MARK_BYTES), endPosition }
    default:
      return null
  }
}

function encodeRecord(kind: number, payload: Buffer): Buffer {
  const record = Buffer.allocUnsafe(RECORD_HEADER_BYTES + payload.length)
  record.writeUInt32BE(payload.length, 0)
  record.writeUInt8(kind, 8)
  payload.copy(record, RECORD_HEADER_BYTES)
  record.writeUInt32BE(recordCrc(record, 0, record.length), 4)
  return record
}

function recordCrc(bytes: Buffer, position: number, endPosition: number): number {
  return crc32c(bytes, position + 8, endPosition, crc32c(bytes, position, position + 4))
}
