import { ErrorCode } from '@millrace/protocol'
import { describe, expect, it } from 'vitest'
import { decideOutcome, type Outcome } from './decide-outcome.ts'

const OLDEST = { recordCount: 10, isIdempotent: true, isOldest: true }

describe('what becomes of a batch', () => {
  const rows: [what: string, errorCode: number, facts: Partial<typeof OLDEST>, outcome: Outcome][] = [
    ['no error', ErrorCode.NONE, {}, 'delivered'],
    ['known to the broker already', ErrorCode.DUPLICATE_SEQUENCE_NUMBER, {}, 'delivered'],
    ['too large with several records', ErrorCode.MESSAGE_TOO_LARGE, {}, 'split'],
    ['too large with one record', ErrorCode.MESSAGE_TOO_LARGE, { recordCount: 1 }, 'fail'],
    [
      'out of order behind an unsettled one',
      ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
      { isOldest: false },
      'retry',
    ],
    ['out of order as the oldest', ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, {}, 'another-identity'],
    [
      'out of order without idempotence',
      ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
      { isIdempotent: false },
      'fail',
    ],
    ['an epoch that was replaced', ErrorCode.INVALID_PRODUCER_EPOCH, {}, 'another-identity'],
    ['a producer that the broker forgot', ErrorCode.UNKNOWN_PRODUCER_ID, {}, 'another-identity'],
    ['another leader', ErrorCode.NOT_LEADER_OR_FOLLOWER, {}, 'retry'],
    ['a disk error', ErrorCode.KAFKA_STORAGE_ERROR, {}, 'retry'],
    ['a bad record', ErrorCode.INVALID_RECORD, {}, 'fail'],
    ['no right to write', ErrorCode.TOPIC_AUTHORIZATION_FAILED, {}, 'fail'],
  ]
  for (const [what, errorCode, facts, outcome] of rows) {
    it(`${what}: ${outcome}`, () => expect(decideOutcome(errorCode, { ...OLDEST, ...facts })).toBe(outcome))
  }
})
