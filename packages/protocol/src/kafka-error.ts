import { errorInfo } from './error-codes.ts'

/** An expected failure that a client is told by its code: one of `ErrorCode`. */
export class KafkaError extends Error {
  override readonly name = 'KafkaError'
  readonly code: number
  /** The code's name in Kafka's table, such as `UNKNOWN_TOPIC_OR_PARTITION`. */
  readonly codeName: string
  /** Whether the same request may succeed later. */
  readonly retriable: boolean

  /** @param message what was seen and what was expected; the table's sentence when left out */
  constructor(code: number, message?: string, options?: ErrorOptions) {
    const info = errorInfo(code)
    super(message ?? info.message, options)
    this.code = code
    this.codeName = info.name
    this.retriable = info.retriable
  }
}
