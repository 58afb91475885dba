/**
 * Bytes that break the protocol, or a value that the protocol cannot carry. A `RangeError`, so that callers
 * who only tell "the peer's fault" from "ours" need no import from here.
 */
export class WireError extends RangeError {
  override readonly name = 'WireError'
}
