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
    // And once more: a stored block is part of the frame, whose memory is not ours to give back.
    expect(decompress(LZ4, frame, noise.length).equals(noise)).toBe(true)
  })
})

describe('LZ4 frames by hand', () => {
  const header = Buffer.from('04224d18604082', 'hex')
  const block = (bytes: Buffer, isStored = false) => {
    const size = Buffer.alloc(4)
    size.writeUInt32LE((isStored ? 0x8000_0000 : 0) + bytes.length)
    return Buffer.concat([size, bytes])
  }
  const frame = (...blocks: Buffer[]) => Buffer.concat([header, ...blocks, Buffer.alloc(4)])
  const literal = block(Buffer.from([0x20, 0x61, 0x62]))
  // A literal "ab", then a match of offset 2: 4 + 15 + 255 times 260, which is 66,319 and so above 64 KiB.
  const long = block(Buffer.from([0x2f, 0x61, 0x62, 2, 0, ...Array(260).fill(255), 0, 0x10, 0x63]))

  it('join their blocks, stored ones too', () => {
    expect(String(decompress(LZ4, frame(literal, block(Buffer.from('cd'), true), literal), 100))).toBe(
      'abcdab',
    )
  })

  it.each([
    [
      'an empty block, which ends the frame for Kafka',
      frame(literal, block(Buffer.alloc(0), true)),
      /empty block/,
    ],
    ['a block above the block size', frame(long), /longer than the frame allows/],
    [
      'a stored block above the block size',
      frame(block(Buffer.alloc(65_537), true)),
      /longer than its frame/,
    ],
    ['a block longer than the frame', frame(literal).subarray(0, 12), /longer than its frame/],
    ['literals that end behind their block', frame(block(Buffer.from([0x40, 0x61])), literal), /do not fit/],
    [
      'a match from before the start',
      frame(block(Buffer.from([0x10, 0x61, 9, 0, 0x10, 0x62]))),
      /does not decompress/,
    ],
    ['no end mark', frame(literal).subarray(0, -4), /without an end/],
    ['a byte after the end mark', Buffer.concat([frame(literal), Buffer.alloc(1)]), /other bytes/],
    ['a second frame', Buffer.concat([frame(literal), frame(literal)]), /other bytes/],
    ['a block size that does not exist', Buffer.from('04224d1860300000000000', 'hex'), /no such block size/],
  ])('are refused: %s', async (_what, bytes, message) => {
    const refusal = expect.objectContaining({
      code: 'INVALID_COMPRESSED_DATA',
      message: expect.stringMatching(message),
    })
    expect(() => decompress(LZ4, bytes, 1_000_000)).toThrow(refusal)
    await expect(decompressAsync(LZ4, bytes, 1_000_000)).rejects.toThrow(refusal)
  })
})
