/** What went wrong on this side of the wire. An answer of the broker is a `KafkaError` instead. */
export type ClientErrorCode =
  | 'INVALID_OPTION'
  | 'CONNECTION_FAILED'
  | 'CONNECTION_LOST'
  | 'REQUEST_TIMED_OUT'
  | 'INVALID_RESPONSE'
  | 'NOT_A_BROKER'
  | 'TLS_FAILED'
  | 'AUTHENTICATION_FAILED'
  | 'UNSUPPORTED_VERSION'
  | 'UNKNOWN_TOPIC'
  | 'UNKNOWN_PARTITION'
  | 'NO_LEADER'
  | 'DELIVERY_TIMED_OUT'
  | 'DELIVERY_FAILED'
  | 'BUFFER_FULL'
  | 'INVALID_RECORD'
  | 'CORRUPT_BATCH'
  | 'UNDECODABLE_RECORD'
  | 'OFFSET_OUT_OF_RANGE'
  | 'INVALID_ASSIGNMENT'
  | 'TIMED_OUT'
  | 'CLOSED'

interface ClientErrorMeaning {
  /** The same call may succeed a moment later without anybody changing anything. */
  readonly retriable: boolean
  readonly whatToDo: string
}

/** What each code means for the caller. */
export const CLIENT_ERROR_MEANINGS: Readonly<Record<ClientErrorCode, ClientErrorMeaning>> = {
  INVALID_OPTION: { retriable: false, whatToDo: 'correct the option that the message names' },
  CONNECTION_FAILED: { retriable: true, whatToDo: 'check the address and that the broker is running' },
  CONNECTION_LOST: { retriable: true, whatToDo: 'nothing: the client reconnects by itself' },
  REQUEST_TIMED_OUT: { retriable: true, whatToDo: 'look whether the broker is overloaded or cut off' },
  INVALID_RESPONSE: {
    retriable: true,
    whatToDo: 'check that the address is that of a Kafka-speaking broker',
  },
  NOT_A_BROKER: { retriable: false, whatToDo: "use the address of the broker's Kafka listener" },
  TLS_FAILED: { retriable: false, whatToDo: 'check the certificates, and that this port speaks TLS' },
  AUTHENTICATION_FAILED: { retriable: false, whatToDo: 'check mechanism, user and password' },
  UNSUPPORTED_VERSION: { retriable: false, whatToDo: 'use a broker of a release that knows this request' },
  UNKNOWN_TOPIC: { retriable: false, whatToDo: 'check the name, or create the topic' },
  UNKNOWN_PARTITION: { retriable: false, whatToDo: 'name a partition that the topic has' },
  NO_LEADER: { retriable: true, whatToDo: 'look why the partition is offline' },
  DELIVERY_TIMED_OUT: { retriable: false, whatToDo: 'look why the broker did not answer in time' },
  DELIVERY_FAILED: { retriable: false, whatToDo: 'see the error of each record in `errors`' },
  BUFFER_FULL: { retriable: true, whatToDo: 'await earlier sends before the next one' },
  INVALID_RECORD: {
    retriable: false,
    whatToDo: 'correct the field that the message names: objects need a codec, such as json()',
  },
  CORRUPT_BATCH: { retriable: false, whatToDo: 'check the log on the broker: these bytes were damaged' },
  UNDECODABLE_RECORD: {
    retriable: false,
    whatToDo: 'read the topic with the codec that it was written with',
  },
  OFFSET_OUT_OF_RANGE: { retriable: false, whatToDo: 'start from an offset that the log still has' },
  INVALID_ASSIGNMENT: { retriable: false, whatToDo: 'use the same assignors in all members of the group' },
  TIMED_OUT: { retriable: true, whatToDo: 'see the cause for the last attempt' },
  CLOSED: { retriable: false, whatToDo: 'open a new client' },
}

/**
 * A failure that the client found itself: `code` for programs, `message` for people (what was
 * seen and what was expected), `whatToDo` as the next step.
 */
export class ClientError extends Error {
  readonly code: ClientErrorCode
  readonly retriable: boolean
  readonly whatToDo: string

  constructor(code: ClientErrorCode, message: string, options?: { cause?: unknown; whatToDo?: string }) {
    super(message, options !== undefined && 'cause' in options ? { cause: options.cause } : undefined)
    this.name = 'ClientError'
    this.code = code
    this.retriable = CLIENT_ERROR_MEANINGS[code].retriable
    this.whatToDo = options?.whatToDo ?? CLIENT_ERROR_MEANINGS[code].whatToDo
  }
}
