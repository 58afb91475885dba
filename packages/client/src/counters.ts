/** What a client has done since it was opened: whole numbers that only grow. */
export interface ClientCounters {
  readonly connectionsOpened: number
  readonly connectionsFailed: number
  /** Connections that ended without this client's doing. */
  readonly connectionsLost: number
  readonly requests: number
  readonly bytesSent: number
  readonly bytesReceived: number
  /** Time for which brokers asked for a pause (KIP-219), in ms. */
  readonly throttledMs: number
  /** Records that were acknowledged. */
  readonly recordsSent: number
  readonly recordsFailed: number
  /** Batches that came back undelivered, and were sent again. */
  readonly batchesRetried: number
  /** Records that were handed to the program. */
  readonly recordsRead: number
}

/** The counters as the client's parts count them up. */
export type MutableCounters = { -readonly [K in keyof ClientCounters]: ClientCounters[K] }

/** All zero. */
export function newCounters(): MutableCounters {
  return {
    connectionsOpened: 0,
    connectionsFailed: 0,
    connectionsLost: 0,
    requests: 0,
    bytesSent: 0,
    bytesReceived: 0,
    throttledMs: 0,
    recordsSent: 0,
    recordsFailed: 0,
    batchesRetried: 0,
    recordsRead: 0,
  }
}
