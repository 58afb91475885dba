import { StorageError } from '@millrace/log-core'
import { ErrorCode, KafkaError } from '@millrace/protocol'

/** How a failure is told to a client. */
export interface ToldFailure {
  readonly errorCode: number
  readonly errorMessage: string
}

/** What a client is told of an error that was expected; anything else is thrown on. */
export function tellFailure(error: unknown): ToldFailure {
  if (error instanceof KafkaError) return { errorCode: error.code, errorMessage: error.message }
  if (!(error instanceof StorageError)) throw error
  return { errorCode: ErrorCode.KAFKA_STORAGE_ERROR, errorMessage: error.message }
}

/** The names that stand in a request more than once. */
export function repeatedNames(names: Iterable<string>): Set<string> {
  const seen = new Set<string>()
  const repeated = new Set<string>()
  for (const name of names) {
    if (seen.has(name)) repeated.add(name)
    seen.add(name)
  }
  return repeated
}
