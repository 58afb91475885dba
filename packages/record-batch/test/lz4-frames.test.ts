import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { compress, decompress, decompressAsync } from '../src/index.ts'

interface GoldenFrames {
  readonly sizeBytes: number
  readonly sha256: string
  readonly noiseSha256: string
  readonly frames: readonly {
    readonly name: string
    readonly isNoise?: boolean
    readonly frame: string
  }[]
}
const golden: GoldenFrames = JSON.parse(
  readFileSync(new URL('golden/lz4-frames.json', import.meta.url), 'utf8'),
)
const LZ4 = 3
/** What fits into one block has no linked ones, whatever was asked for: so the frame's own flag tells. */
const isLinked = ({ frame }: { frame: string }) => (Buffer.from(frame, 'base64').readUInt8(4) & 0x20) === 0
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
const independent = golden.frames.filter((frame) => !isLinked(frame))
const checked = independent.filter(({ name }) => /blockChecksum=1 contentSize=1/.test(name))

describe('LZ4 frames of the reference library', () => {
  it.each(independent)('decompresses $name', async ({ frame, isNoise }) => {
    const bytes = Buffer.from(frame, 'base64')
    const hash = isNoise ? golden.noiseSha256 : golden.sha256
    expect(sha256(decompress(LZ4, bytes, golden.sizeBytes))).toBe(hash)
    expect(sha256(await decompressAsync(LZ4, bytes, golden.sizeBytes))).toBe(hash)
  })

  it.each(golden.frames.filter(isLinked))('refuses $name, as Kafka does', ({ frame }) => {
    expect(() => decompress(LZ4, Buffer.from(frame, 'base64'), golden.sizeBytes)).toThrow(
      /independent blocks/,
    )
  })

  it.each(independent.filter((frame) => frame.isNoise !== true))('knows the size of $name', ({ frame }) => {
    const bytes = Buffer.from(frame, 'base64')
    expect(() => decompress(LZ4, bytes, golden.sizeBytes - 1)).toThrow(
      expect.objectContaining({ code: 'TOO_LARGE' }),
    )
  })

  it.each(checked)('notices every flipped bit of the header and the checksums of $name', ({ frame }) => {
    const bytes = Buffer.from(frame, 'base64')
    const places = [...Array(15).keys(), ...[1, 2, 3, 4].map((back) => bytes.length - back)]
    for (const at of places) {
      for (let bit = 0; bit < 8; bit++) {
        const damaged = Buffer.from(bytes)
        damaged.writeUInt8(bytes.readUInt8(at) ^ (1 << bit), at)
        expect(() => decompress(LZ4, damaged, golden.sizeBytes)).toThrow(
          expect.objectContaining({ name: 'CorruptBatchError' }),
        )
      }
    }
  })
})

describe('LZ4 frames of our own', () => {
  it.each([0, 1, 65_535, 65_536, 65_537, 200_000])('brings back %i bytes', (sizeBytes) => {
    const bytes = Buffer.alloc(sizeBytes, 'millrace ')
    expect(decompress(LZ4, compress(LZ4, bytes), sizeBytes).equals(bytes)).toBe(true)
  })

  it('stores what does not compress as it is', () => {
    const hash = (index: number) => createHash('sha256').update(String(index)).digest()
    const noise = Buffer.concat(Array.from({ length: 2_200 }, (_, index) => hash(index)))
    const frame = compress(LZ4, noise)
    expect(frame.length).toBe(noise.length + 7 + 2 * 4 + 4)
    expect(decompress(LZ4, frame, noise.length).equals(noise)).toBe(true)
  })
})
