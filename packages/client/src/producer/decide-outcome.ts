import { ErrorCode, errorInfo } from '@millrace/protocol'

/** What to do with a batch, by what the broker said of it. */
export type Outcome = 'delivered' | 'retry' | 'split' | 'another-identity' | 'fail'

/** What has to be known of a batch besides the broker's answer. */
export interface BatchFacts {
  readonly recordCount: number
  readonly isIdempotent: boolean
  /** No earlier batch of the partition is unsettled. */
  readonly isOldest: boolean
}

/** Answers that tell an idempotent producer that its sequence, or its identity, is not what the broker expects. */
const IDENTITY_ERRORS: readonly number[] = [
  ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
  ErrorCode.INVALID_PRODUCER_EPOCH,
  ErrorCode.UNKNOWN_PRODUCER_ID,
]

/** Answers after which the leader is looked up again. */
const LEADER_ERRORS: readonly number[] = [
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.LEADER_NOT_AVAILABLE,
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.REPLICA_NOT_AVAILABLE,
  ErrorCode.KAFKA_STORAGE_ERROR,
  ErrorCode.FENCED_LEADER_EPOCH,
  ErrorCode.UNKNOWN_LEADER_EPOCH,
  ErrorCode.UNKNOWN_TOPIC_ID,
  ErrorCode.NETWORK_EXCEPTION,
]

/**
 * Decides what becomes of a batch. Pure.
 *
 * A sequence error on a batch that has an earlier one still unsettled follows from that one: it
 * goes again behind it. On the oldest it means that the broker never got what came before (it was
 * refused for good, or given up, or lost): that batch was not written, nor were those behind it, so
 * they may start over under a new identity without a double.
 */
export function decideOutcome(errorCode: number, facts: BatchFacts): Outcome {
  // The broker remembers the batch but not its offset: the records are there, once.
  if (errorCode === ErrorCode.NONE || errorCode === ErrorCode.DUPLICATE_SEQUENCE_NUMBER) return 'delivered'
  if (errorCode === ErrorCode.MESSAGE_TOO_LARGE || errorCode === ErrorCode.RECORD_LIST_TOO_LARGE) {
    return facts.recordCount > 1 ? 'split' : 'fail'
  }
  if (facts.isIdempotent && IDENTITY_ERRORS.includes(errorCode)) {
    return facts.isOldest ? 'another-identity' : 'retry'
  }
  return errorInfo(errorCode).retriable ? 'retry' : 'fail'
}

/** Whether the answer says that the partition is led by somebody else, or by nobody yet. */
export function isLeaderError(errorCode: number): boolean {
  return LEADER_ERRORS.includes(errorCode)
}
