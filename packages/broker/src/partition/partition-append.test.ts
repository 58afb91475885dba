import type { AppendOutcome, PartitionLog } from '@millrace/log-core'
import { ErrorCode } from '@millrace/protocol'
import { readBatchHeader } from '@millrace/record-batch'
import { expect, it } from 'vitest'
import { batchOf, numbered } from '../testing/test-broker.ts'
import { Partition } from './partition.ts'
import { appendToPartition } from './partition-append.ts'

const OPTIONS = { durability: 'synced', ownsMemory: false } as const
const ROOM = Promise.resolve()

/** A partition whose log answers each append so. */
function answering(outcome: AppendOutcome): Partition {
  const log = { state: 'online', append: () => outcome, whenRoom: () => ROOM } as unknown as PartitionLog
  return new Partition({ topic: 't', topicId: 'id', index: 0 }, log)
}

function append(outcome: AppendOutcome) {
  const batch = batchOf(numbered(1), 0)
  return appendToPartition(
    answering(outcome),
    { kind: 'checked', batch, header: readBatchHeader(batch) },
    OPTIONS,
  )
}

it('a log without room is waited for, and is no error', () => {
  const outcome = { kind: 'rejected', reason: 'queue-full', message: 'full' } as const
  expect(append(outcome)).toEqual({ kind: 'full', whenRoom: ROOM })
})

it.each([
  ['out-of-order-sequence', ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER],
  ['invalid-producer-epoch', ErrorCode.INVALID_PRODUCER_EPOCH],
  ['offline', ErrorCode.KAFKA_STORAGE_ERROR],
  ['disk-full', ErrorCode.KAFKA_STORAGE_ERROR],
  ['closed', ErrorCode.NOT_LEADER_OR_FOLLOWER],
] as const)('a log that refuses with %s is told as error %i, with its reason', (reason, errorCode) => {
  const refusal = { kind: 'refused', errorCode, message: 'why', recordErrors: [] }
  expect(append({ kind: 'rejected', reason, message: 'why' })).toEqual(refusal)
})
