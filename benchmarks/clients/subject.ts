/** `count` values, which come round and round from a small pool: a million buffers would only measure the collector. */
export interface Values {
  readonly count: number
  at(index: number): Buffer
}

/** One client under measurement, in a process of its own. */
export interface Subject {
  /** Many records, acks=all, batches as this client does best. The values are encoded already. */
  produceMany(topic: string, values: Values): Promise<void>
  /** A promise for each record, `inFlight` of them at a time. */
  produceEach(topic: string, values: Values, inFlight: number): Promise<void>
  /** Reads `count` records from the beginning, each of them handed to `take`. */
  consume(topic: string, count: number, take: (value: Buffer | null) => void): Promise<void>
  /** The same, each value decoded from JSON in the way that this client offers, or by hand. */
  consumeDecoded(topic: string, count: number, take: (value: DecodedValue) => void): Promise<void>
  close(): Promise<void>
}

export interface DecodedValue {
  readonly id: number
}

/** Opens a client that is connected: what comes after it is measured. */
export type OpenSubject = (bootstrap: string) => Promise<Subject>

/** Keeps so many promises under way, and waits for all. */
export async function keepInFlight(
  count: number,
  inFlight: number,
  start: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) await start(next++)
  }
  await Promise.all(Array.from({ length: Math.min(inFlight, count) }, worker))
}

/** One after the other, in parts that one call takes. */
export function partOf(values: Values, size: number, part: number): { readonly value: Buffer }[] {
  const start = part * size
  return Array.from({ length: Math.min(size, values.count - start) }, (_, i) => ({
    value: values.at(start + i),
  }))
}
