import { errorInfo, KafkaError } from '@millrace/protocol'

/** What a broker refused of one resource: in its own words, or in those of Kafka's table when it has none. */
export function resourceError(
  resource: string,
  errorCode: number,
  message: string | null = null,
): KafkaError {
  const told = message === null || message === '' ? errorInfo(errorCode).message : message
  return new KafkaError(errorCode, `${resource}: ${told}`)
}
