import { ErrorCode, errorInfo, KafkaError } from '@millrace/protocol'
import { HttpError } from './http-error.ts'

/** How an error is told: the status of HTTP, a code for programs, a sentence for people. */
export interface ErrorAnswer {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly headers: Readonly<Record<string, string>>
}

/** The statuses of the client's own errors; its type is not imported, to leave the client unloaded. */
const STATUS_OF_CLIENT_ERROR: Readonly<Record<string, number>> = {
  INVALID_OPTION: 400,
  UNKNOWN_TOPIC: 404,
  UNKNOWN_PARTITION: 404,
  OFFSET_OUT_OF_RANGE: 416,
  INVALID_RECORD: 400,
  BUFFER_FULL: 503,
  NO_LEADER: 503,
  CLOSED: 503,
  CONNECTION_FAILED: 503,
  CONNECTION_LOST: 503,
  REQUEST_TIMED_OUT: 504,
  DELIVERY_TIMED_OUT: 504,
  TIMED_OUT: 504,
}

const STATUS_OF_KAFKA_ERROR: Readonly<Record<number, number>> = {
  [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]: 404,
  [ErrorCode.UNKNOWN_TOPIC_ID]: 404,
  [ErrorCode.GROUP_ID_NOT_FOUND]: 404,
  [ErrorCode.TOPIC_ALREADY_EXISTS]: 409,
  [ErrorCode.NON_EMPTY_GROUP]: 409,
  [ErrorCode.UNKNOWN_MEMBER_ID]: 409,
  [ErrorCode.REBALANCE_IN_PROGRESS]: 409,
  [ErrorCode.OFFSET_OUT_OF_RANGE]: 416,
  [ErrorCode.MESSAGE_TOO_LARGE]: 413,
  [ErrorCode.RECORD_LIST_TOO_LARGE]: 413,
  [ErrorCode.KAFKA_STORAGE_ERROR]: 503,
}

/** How an error is told to whoever sent the request; null for one that is ours. */
export function answerOf(error: unknown): ErrorAnswer | null {
  if (error instanceof HttpError) return error
  if (error instanceof KafkaError) {
    const { name, retriable } = errorInfo(error.code)
    const status = STATUS_OF_KAFKA_ERROR[error.code] ?? (retriable ? 503 : 400)
    return { status, code: name, message: error.message, headers: {} }
  }
  // Of many records that failed, the first tells why.
  if (error instanceof Error && 'errors' in error && error.errors instanceof Map) {
    const [first] = error.errors.values()
    if (first !== undefined) return answerOf(first)
  }
  if (!(error instanceof Error) || error.name !== 'ClientError' || !('code' in error)) return null
  const status = STATUS_OF_CLIENT_ERROR[String(error.code)]
  if (status === undefined) return null
  return { status, code: String(error.code), message: error.message, headers: {} }
}
