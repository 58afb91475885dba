import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { varintSizeBytes, varlongSizeBytes, writeVarint, writeVarlong } from './varint.ts'

const written = (write: typeof writeVarint, value: number) => {
  const buffer = Buffer.alloc(10)
  return buffer.subarray(0, write(buffer, 0, value)).toString('hex')
}

describe('varints', () => {
  it.each([
    [0, '00'],
    [-1, '01'],
    [1, '02'],
    [63, '7e'],
    [64, '8001'],
    [-65, '8101'],
    [8191, 'fe7f'],
    [8192, '808001'],
    [2 ** 31 - 1, 'feffffff0f'],
    [-(2 ** 31), 'ffffffff0f'],
  ])('writes %i as %s', (value, hex) => {
    expect(written(writeVarint, value)).toBe(hex)
    expect(varintSizeBytes(value)).toBe(hex.length / 2)
  })

  it.each([
    [2 ** 31, '8080808010'],
    [-(2 ** 31) - 1, '8180808010'],
    [1_700_000_000_000, '80a0abfef962'],
    [Number.MAX_SAFE_INTEGER, 'feffffffffffff1f'],
    [Number.MIN_SAFE_INTEGER, 'fdffffffffffff1f'],
  ])('writes %i as the varlong %s', (value, hex) => {
    expect(written(writeVarlong, value)).toBe(hex)
    expect(varlongSizeBytes(value)).toBe(hex.length / 2)
  })

  it('knows the size of every number that it writes', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        expect(varlongSizeBytes(value)).toBe(written(writeVarlong, value).length / 2)
        const int32 = value | 0
        expect(varintSizeBytes(int32)).toBe(written(writeVarint, int32).length / 2)
      }),
    )
  })
})
