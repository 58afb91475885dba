/** What is wrong with what a program asked for. */
export type InvalidRequestCode = 'INVALID_TIMESTAMP' | 'INVALID_OFFSET' | 'INVALID_RECORD' | 'INVALID_OPTION'

/** A program asked for what can never be. Nothing of it was done; `path` is the log's directory. */
export class InvalidRequestError extends RangeError {
  readonly code: InvalidRequestCode
  readonly path: string

  constructor(code: InvalidRequestCode, path: string, message: string, options?: { cause?: unknown }) {
    super(`${message} (${path})`, options)
    this.name = 'InvalidRequestError'
    this.code = code
    this.path = path
  }
}
