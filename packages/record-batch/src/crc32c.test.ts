import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  CRC32C_CHECK_VALUE,
  crc32c,
  crc32cJavaScript,
  isNativeCrcAvailable,
  loadNativeCrc,
  NATIVE_CRC_FROM_BYTES,
} from './crc32c.ts'

describe('crc32c', () => {
  it('gives the published check value', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(CRC32C_CHECK_VALUE)
  })

  it('gives the values of RFC 3720 for 32 bytes', () => {
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa)
    expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43)
    expect(crc32c(Buffer.from(Uint8Array.from({ length: 32 }, (_, index) => index)))).toBe(0x46dd794e)
  })

  it('agrees with the JavaScript implementation on both sides of the threshold', () => {
    const around = NATIVE_CRC_FROM_BYTES
    const bytes = fc.uint8Array({ minLength: 0, maxLength: 4 * around })
    fc.assert(
      fc.property(bytes, fc.nat({ max: 0xffffffff }), (array, seed) => {
        const buffer = Buffer.from(array)
        expect(crc32c(buffer, 0, buffer.length, seed)).toBe(crc32cJavaScript(buffer, seed))
      }),
    )
  })

  it('goes on from the checksum of what came before', () => {
    const bytes = Buffer.alloc(3 * NATIVE_CRC_FROM_BYTES, 'millrace')
    for (const cut of [0, 1, 100, NATIVE_CRC_FROM_BYTES, bytes.length]) {
      expect(crc32c(bytes, cut, bytes.length, crc32c(bytes, 0, cut))).toBe(crc32c(bytes))
    }
  })

  it('covers the range and nothing else', () => {
    const bytes = Buffer.alloc(2000, 'range')
    expect(crc32c(bytes, 3, 1000)).toBe(crc32cJavaScript(Buffer.from(bytes.subarray(3, 1000))))
    expect(crc32c(bytes, 3, 40)).toBe(crc32cJavaScript(Buffer.from(bytes.subarray(3, 40))))
  })
})

describe('the native implementation', () => {
  it.runIf(process.platform === 'linux' && process.arch === 'x64')('is in use where CI runs', () => {
    expect(isNativeCrcAvailable()).toBe(true)
  })

  it('is done without when it is not installed', () => {
    const missing = () => {
      throw new Error('Cannot find module')
    }
    expect(loadNativeCrc(missing)).toBeNull()
  })

  it('is done without when it computes something else', () => {
    expect(loadNativeCrc(() => ({ crc32c: () => 1 }))).toBeNull()
    expect(loadNativeCrc(() => ({}))).toBeNull()
  })
})
