import type { PartitionLog } from '@millrace/log-core'
import { scanBatches } from '@millrace/record-batch'
import type { ChainEnd } from './chain-oracle.ts'
import { BODY_STARTS_AT, type LedgerBatch, type PartitionLedger } from './ledger.ts'
import { expectThat } from './violation.ts'

export interface CheckedRead {
  readonly offset: number
  readonly maxBytes: number
  readonly limit: 'high-watermark' | 'log-end'
  readonly untilEnd: boolean
  readonly onDiskRead?: () => void
}

/** Compares what a log gives with the ledger, batch by batch from `offset` on, and returns where it ended. */
export async function checkBatches(
  log: PartitionLog,
  ledger: PartitionLedger,
  read: CheckedRead,
): Promise<number> {
  let { offset } = read
  const end = read.limit === 'log-end' ? log.logEndOffset : log.highWatermark
  while (offset < end) {
    const { maxBytes, limit } = read
    const answer = log.read({ offset, maxBytes, isFirstBatchWhole: true, limit })
    if (answer instanceof Promise) read.onDiskRead?.()
    const slice = await answer
    expectThat(slice.sizeBytes > 0, () => `nothing to read at ${offset}; the end is ${end}`)
    for (const bytes of slice.buffers) offset = checkBuffer(bytes, ledger, offset)
    if (!read.untilEnd) return offset
  }
  return offset
}

function checkBuffer(bytes: Buffer, ledger: PartitionLedger, offset: number): number {
  let next = offset
  let checkedBytes = 0
  for (const { position, header } of scanBatches(bytes)) {
    // The first batch may begin before the asked offset; each further one follows the last without a gap.
    const isFirst = position === 0
    const follows = isFirst
      ? header.baseOffset <= next && next <= header.lastOffset
      : header.baseOffset === next
    expectThat(follows, () => `a gap: batch ${header.baseOffset}-${header.lastOffset} where ${next} was due`)
    const written = ledger.batchAt(header.baseOffset)
    expectThat(
      written !== undefined,
      () => `nothing was written at ${header.baseOffset}, and a batch is there`,
    )
    const body = bytes.subarray(position + BODY_STARTS_AT, position + header.sizeBytes)
    expectThat(
      body.equals(written.body),
      () => `other bytes at ${header.baseOffset}: ${describe(written, body)}`,
    )
    expectThat(
      header.partitionLeaderEpoch === written.leaderEpoch,
      () =>
        `epoch ${header.partitionLeaderEpoch} at ${header.baseOffset}, written under ${written.leaderEpoch}`,
    )
    next = header.lastOffset + 1
    checkedBytes += header.sizeBytes
  }
  expectThat(checkedBytes === bytes.length, () => `a slice of ${bytes.length} bytes ends within a batch`)
  return next
}

/** What must hold of a log that was just opened, before anything is appended. */
export async function checkRecovered(
  log: PartitionLog,
  ledger: PartitionLedger,
  facts: { chain: ChainEnd; wasClean: boolean; isDamaged: boolean },
): Promise<{ lost: LedgerBatch[] }> {
  const { logStartOffset, logEndOffset, leaderEpoch } = log
  expectThat(
    logStartOffset >= ledger.promisedStart,
    () => `the log starts at ${logStartOffset}; all before ${ledger.promisedStart} was removed for good`,
  )
  expectThat(
    logStartOffset <= ledger.possibleStart,
    () => `the log starts at ${logStartOffset}; nobody removed anything behind ${ledger.possibleStart}`,
  )
  expectThat(
    log.highWatermark === logEndOffset,
    () => `high watermark ${log.highWatermark} after opening a log that ends at ${logEndOffset}`,
  )
  expectThat(
    logEndOffset >= ledger.writtenEnd,
    () => `the log ends at ${logEndOffset}; ${ledger.writtenEnd} was promised (synced: ${ledger.syncedEnd})`,
  )
  expectThat(
    logEndOffset <= ledger.endOffset,
    () => `the log ends at ${logEndOffset}; nothing was written behind ${ledger.endOffset}`,
  )
  const { end, staleFrom } = facts.chain
  expectThat(
    facts.isDamaged || logEndOffset === end || logEndOffset === staleFrom,
    () => `the log ends at ${logEndOffset}; whole batches lay on the disk up to ${end}`,
  )
  const read = { offset: logStartOffset, maxBytes: 1 << 20, limit: 'log-end', untilEnd: true } as const
  await checkBatches(log, ledger, read)
  const isEpochRight = facts.wasClean ? leaderEpoch >= ledger.highestEpoch : leaderEpoch > ledger.highestEpoch
  expectThat(
    isEpochRight,
    () =>
      `leader epoch ${leaderEpoch} after ${ledger.highestEpoch} and ${facts.wasClean ? 'a clean' : 'an unclean'} end`,
  )
  const outcome = ledger.keptUpTo(logEndOffset)
  checkEpochAnswers(log, ledger)
  return outcome
}

/** A consumer that saw records which are lost now must hear from OffsetForLeaderEpoch where its history ends. */
function checkEpochAnswers(log: PartitionLog, ledger: PartitionLedger): void {
  for (const epoch of ledger.exposedEnds().keys()) {
    const next = ledger.lineage.find((batch) => batch.leaderEpoch > epoch)
    const commonEnd = next?.baseOffset ?? log.logEndOffset
    if (commonEnd <= log.logStartOffset) continue
    const answer = log.endOffsetForEpoch(epoch)
    expectThat(
      answer.endOffset === commonEnd,
      () => `epoch ${epoch} is said to end at ${answer.endOffset}; it ends at ${commonEnd}`,
    )
  }
}

function describe(written: LedgerBatch, body: Buffer): string {
  const first = body.findIndex((byte, index) => byte !== written.body[index])
  return `${body.length} bytes, ${written.body.length} were written, the first difference at ${first}`
}
