import { WireError } from './wire-error.ts'

const TWO_TO_32 = 4_294_967_296

/**
 * Joins the two halves of a big-endian int64. Offsets, timestamps and producer ids stay far below 2^53, and
 * two 32-bit reads cost a third of a `bigint`; what a number cannot hold exactly is refused.
 *
 * @param high the upper half, signed
 * @param low the lower half, unsigned
 */
export function int64FromHalves(high: number, low: number): number {
  const value = high * TWO_TO_32 + low
  if (!Number.isSafeInteger(value)) throw new WireError(`int64 ${wideValue(high, low)} exceeds 2^53 - 1`)
  return value
}

/** Like `int64FromHalves`, but what lies outside the safe integers becomes the nearest one of them. */
export function clampedInt64FromHalves(high: number, low: number): number {
  const value = high * TWO_TO_32 + low
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value))
}

/** The signed upper half of a safe integer. */
export function int64High(value: number): number {
  return Math.floor(value / TWO_TO_32)
}

/** The lower half of a safe integer, as an int32: `>>> 0` makes it unsigned. */
export function int64Low(value: number): number {
  // ToInt32 is defined modulo 2^32, also for negative values and for values above 2^32.
  return value | 0
}

/** Throws unless `value` survives the way through an int64 and back. */
export function checkInt64(value: number): void {
  if (!Number.isSafeInteger(value)) throw new WireError(`${value} is not a safe integer`)
}

function wideValue(high: number, low: number): string {
  return ((BigInt(high) << 32n) | BigInt(low)).toString()
}
