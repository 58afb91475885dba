import { crc32c } from '@millrace/record-batch'
import { StorageError } from '../fs/storage-error.ts'
import type { LogSegment } from '../segment/log-segment.ts'
import { readableSegment, scanOfSealed, scanSegment } from '../segment/segment-scan.ts'
import { SEALED_HEADER_BYTES } from '../segment/segment-seal.ts'
import type { LogEnvironment } from './log-environment.ts'

/** Lets the reader of so many bytes go on when it is time. Rejects when nobody wants the rest any more. */
export type ReadPause = (bytes: number) => Promise<void>

/**
 * Reads a sealed segment from beginning to end and compares it with what was sealed: batches with their CRCs, the
 * header fields that those leave out, size and end. Null when all is as it was; else what was found. A segment that is
 * replaced or removed meanwhile is left to its successor.
 */
export async function scrubSegment(
  environment: LogEnvironment,
  segment: LogSegment,
  pause: ReadPause,
): Promise<StorageError | null> {
  const seal = environment.indexes.seal(segment)
  const source = readableSegment(segment, environment.cache)
  let headerCrc = 0
  const paced = {
    sizeBytes: source.sizeBytes,
    readInto: async (position: number, target: Buffer, length: number): Promise<number> => {
      await pause(length)
      return segment.isRetired ? 0 : source.readInto(position, target, length)
    },
  }
  const end = await scanSegment(paced, scanOfSealed(segment), ({ buffer, at }) => {
    headerCrc = crc32c(buffer, at, at + SEALED_HEADER_BYTES, headerCrc)
  })
  if (segment.isRetired) return null
  const path = segment.path('log')
  if (end.kind !== 'end')
    return damage(path, `at byte ${end.position} of ${segment.sizeBytes}: ${end.message}`)
  if (end.position < segment.sizeBytes)
    return damage(path, `ends at byte ${end.position} of ${segment.sizeBytes}`)
  // A directory that Kafka wrote has no seals; one of ours that has lost one gets it again at the next unclean start.
  if (seal === null) return null
  if (seal.sizeBytes !== segment.sizeBytes) {
    return damage(path, `has ${segment.sizeBytes} bytes, and was sealed with ${seal.sizeBytes}`)
  }
  if (seal.headerCrc !== headerCrc)
    return damage(path, 'has other offsets or leader epochs than when it was sealed')
  return null
}

function damage(path: string, seen: string): StorageError {
  return new StorageError('CORRUPT', path, `${path} ${seen}`)
}
