/** How values (or keys) of one type become bytes and back. `decode` gets a view and must not keep it. */
export interface ValueCodec<T> {
  encode(value: T): Buffer
  decode(bytes: Buffer): T
  /**
   * The same of `bytes[start, end)`, for codecs that can do without a view of their own: making one costs as much as
   * copying a short value. Left out: `decode` is given the view.
   */
  decodeAt?(bytes: Buffer, start: number, end: number): T
  /** As `decode`, of bytes that are the value's own from here on: for codecs that would copy them otherwise. */
  decodeOwned?(bytes: Buffer): T
}

/** Decodes `bytes[start, end)` in the way that is quickest for the codec. */
export function decodeRange<T>(codec: ValueCodec<T>, bytes: Buffer, start: number, end: number): T {
  return codec.decodeAt === undefined
    ? codec.decode(bytes.subarray(start, end))
    : codec.decodeAt(bytes, start, end)
}

/** JSON text in UTF-8. `T` is what the caller says: decoding checks that it is JSON, not that it is a `T`. */
export function json<T = unknown>(): ValueCodec<T> {
  return {
    encode(value) {
      const text = JSON.stringify(value)
      // JSON.stringify answers undefined for what JSON cannot hold, against its declared type.
      if (typeof text !== 'string') throw new TypeError(`${typeof value} has no JSON form`)
      return Buffer.from(text, 'utf8')
    },
    decode(bytes) {
      const value: T = JSON.parse(bytes.toString('utf8'))
      return value
    },
    decodeAt(bytes, start, end) {
      const value: T = JSON.parse(bytes.toString('utf8', start, end))
      return value
    },
  }
}

/** Text in UTF-8. */
export function string(): ValueCodec<string> {
  return {
    encode: (value) => Buffer.from(value, 'utf8'),
    decode: (bytes) => bytes.toString('utf8'),
    decodeAt: (bytes, start, end) => bytes.toString('utf8', start, end),
  }
}

/** Bytes as they are. A decoded value is a copy, so that it may outlive the batch that it came in. */
export function bytes(): ValueCodec<Buffer> {
  return {
    encode: (value) => value,
    decode: (view) => Buffer.from(view),
    decodeOwned: (owned) => owned,
    decodeAt(bytes, start, end) {
      const copy = Buffer.allocUnsafe(end - start)
      bytes.copy(copy, 0, start, end)
      return copy
    },
  }
}
