import { escapeControls } from './output/escape-controls.ts'

/** An error of the command itself: the message says what is wrong and what to do, in one line. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}

interface Told {
  readonly code?: unknown
  readonly codeName?: unknown
  readonly whatToDo?: unknown
  readonly cause?: unknown
}

/**
 * What went wrong, as one line for people. Errors are told apart by their shape, so that saying
 * "unknown option" does not load the client and the broker.
 */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return oneLine(String(error))
  const told: Told = error
  // The client wraps the last failure of many attempts, or of many records: that one is worth telling.
  if ((told.code === 'TIMED_OUT' || told.code === 'DELIVERY_FAILED') && told.cause instanceof Error) {
    return describeError(told.cause)
  }
  // The client would try again; a command that tells it has given up.
  if (told.code === 'CONNECTION_LOST') return oneLine(`${error.message}: ${AFTER_LOST_CONNECTION}`)
  if (error.name === 'ClientError') return oneLine(`${error.message}: ${String(told.whatToDo)}`)
  if (error.name === 'KafkaError') return oneLine(`${error.message} (${String(told.codeName)})`)
  if (told.code === 'ERR_ASSERTION') return oneLine(`internal error, please report it: ${error.stack}`)
  return oneLine(error.message)
}

const AFTER_LOST_CONNECTION =
  "look into the broker's log; where it speaks TLS, give --config FILE with security.protocol=SSL"

function oneLine(text: string): string {
  return escapeControls(text.replaceAll(/\s*\n\s*/g, ' ').trim())
}
