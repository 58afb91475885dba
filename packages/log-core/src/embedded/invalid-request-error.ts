/** What is wrong with what a program asked for. */
export type InvalidRequestCode = 'INVALID_TIMESTAMP' | 'INVALID_OFFSET'

/** A program asked for what can never be. Nothing of it was done; `path` is the log's directory. */
export class InvalidRequestError extends RangeError {
  readonly code: InvalidRequestCode
  readonly path: string

  constructor(code: InvalidRequestCode, path: string, message: string) {
    super(`${message} (${path})`)
    this.name = 'InvalidRequestError'
    this.code = code
    this.path = path
  }
}
