import { createRequire } from 'node:module'

/**
 * From this many bytes on the native implementation is faster; below it the cost of crossing into
 * native code is larger than the whole checksum. Measured: docs/decisions/0001-crc32c.md.
 */
export const NATIVE_CRC_FROM_BYTES = 320

/** Takes the bytes and the checksum of what comes before them. */
export type Checksum = (bytes: Buffer, seed: number) => number

/** The value that every description of CRC-32C gives for the digits 1 to 9. */
export const CRC32C_CHECK_VALUE = 0xe3069283

interface Implementations {
  readonly javascript: Checksum
  readonly native: Checksum | null
}

/**
 * Loaded with the first checksum: a program that has imported this, and has not seen a batch yet, has 11 MB less in
 * memory. By require, because the package has types for its CRC-32 entry only, and the native one may be missing.
 */
const implementations = once((): Implementations => {
  const require = createRequire(import.meta.url)
  const { buf }: { readonly buf: Checksum } = require('crc-32/crc32c.js')
  return { javascript: buf, native: loadNativeCrc(require) }
})

/**
 * Kafka's batch checksum, CRC-32C (Castagnoli), of `buffer[start, end)` as an unsigned 32-bit number.
 *
 * No bytes are copied. `seed` is the checksum of the bytes that come before: the checksum of a
 * whole is `crc32c(second, 0, second.length, crc32c(first))`.
 */
export function crc32c(buffer: Buffer, start = 0, end = buffer.length, seed = 0): number {
  const isWhole = start === 0 && end === buffer.length
  const bytes = isWhole ? buffer : buffer.subarray(start, end)
  const { native } = implementations()
  if (native === null || bytes.length < NATIVE_CRC_FROM_BYTES) return crc32cJavaScript(bytes, seed)
  return native(bytes, seed)
}

/** The portable implementation: the fallback, and the oracle that tests compare the native one with. */
export function crc32cJavaScript(bytes: Buffer, seed = 0): number {
  return implementations().javascript(bytes, seed) >>> 0
}

/** Whether large buffers go through native code here. False on platforms without a prebuilt binary. */
export function isNativeCrcAvailable(): boolean {
  return implementations().native !== null
}

/**
 * The native implementation, or null: the package has binaries for common platforms only, and npm may
 * have been told to leave optional ones out. A slower checksum is better than a broker that does not
 * start, a wrong one is not, so it has to know the check value.
 */
export function loadNativeCrc(require: (name: string) => unknown): Checksum | null {
  const binding = loadOrNull(require, '@node-rs/crc32')
  if (!hasCrc32c(binding)) return null
  return binding.crc32c(Buffer.from('123456789'), 0) === CRC32C_CHECK_VALUE ? binding.crc32c : null
}

function loadOrNull(require: (name: string) => unknown, name: string): unknown {
  try {
    return require(name)
  } catch {
    return null
  }
}

function hasCrc32c(binding: unknown): binding is { readonly crc32c: Checksum } {
  const isObject = typeof binding === 'object' && binding !== null
  return isObject && 'crc32c' in binding && typeof binding.crc32c === 'function'
}

function once<T>(make: () => T): () => T {
  let made: T | null = null
  return () => {
    made ??= make()
    return made
  }
}
