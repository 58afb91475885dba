import { describe, expect, test } from 'vitest'
import { type Api, ByteReader, ByteWriter, WireError } from '../../src/index.ts'
import { goldenBody, goldenCodec, skipHeader } from './golden-body.ts'
import { apiOfFile, type GoldenMessage, KAFKA_FILES, KMSG_FILES, readGolden } from './golden-file.ts'
import { type LengthField, RecordingReader } from './recording-reader.ts'

const apiFiles = [...KAFKA_FILES, ...KMSG_FILES].filter((file) => !file.endsWith('ConsumerProtocol.txt'))

describe.each(apiFiles)('%s', (file) => {
  const api = apiOfFile(file)
  const messages = readGolden(file)

  test('every truncation is refused with a WireError', () => {
    for (const golden of messages) {
      for (let end = 0; end < golden.bytes.length; end++) {
        const reader = new ByteReader(golden.bytes, 0, end)
        expectWireError(`${golden.name} cut at ${end}`, () => {
          skipHeader(api, golden, reader)
          goldenCodec(api, golden).decode(reader)
        })
      }
    }
  })

  test('every lie about a length is refused with a WireError', () => {
    for (const golden of messages) {
      for (const { what, bytes } of lies(api, golden)) {
        expectWireError(`${golden.name}: ${what}`, () =>
          goldenCodec(api, golden).decode(new ByteReader(bytes)),
        )
      }
    }
  })
})

test('lies about lengths allocate nothing', () => {
  const hostile = apiFiles.flatMap((file) => {
    const api = apiOfFile(file)
    return readGolden(file).flatMap((golden) =>
      [...lies(api, golden)].map(({ bytes }) => ({ codec: goldenCodec(api, golden), bytes })),
    )
  })
  const before = process.memoryUsage()
  const arrays = countArrays(() => {
    for (const { codec, bytes } of hostile) {
      try {
        codec.decode(new ByteReader(bytes))
      } catch {
        // That it is refused is the test above; here only the cost of refusing counts.
      }
    }
  })
  const after = process.memoryUsage()
  expect(hostile.length).toBeGreaterThan(10_000)
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThanOrEqual(0)
  // The longest golden array has two elements; its elements of one byte each could be as many as the frame has bytes.
  expect(arrays.longest).toBeLessThan(Math.max(...hostile.map(({ bytes }) => bytes.length)))
})

/** Puts each length of a golden body out of bounds, one at a time. */
function* lies(api: Api, golden: GoldenMessage): Generator<{ what: string; bytes: Buffer }> {
  const body = goldenBody(api, golden)
  const recorder = new RecordingReader(body)
  goldenCodec(api, golden).decode(recorder)
  for (const field of recorder.lengths) {
    const remaining = body.length - field.position - field.sizeBytes
    for (const length of [0x7fff_ffff, -2, remaining + 1]) {
      const bytes = Buffer.concat([
        body.subarray(0, field.position),
        encodeLength(field, length),
        body.subarray(field.position + field.sizeBytes),
      ])
      yield { what: `length ${length} at ${field.position}`, bytes }
    }
  }
}

function encodeLength({ encoding }: LengthField, length: number): Buffer {
  const writer = new ByteWriter()
  if (encoding === 'int16') writer.int16(Math.min(length, 0x7fff))
  else if (encoding === 'int32') writer.int32(length)
  else writer.unsignedVarint((length + 1) >>> 0)
  return Buffer.concat(writer.finish())
}

function expectWireError(what: string, decode: () => void): void {
  try {
    decode()
  } catch (error) {
    if (error instanceof WireError) return
    expect.fail(`${what}: ${String(error)}`)
  }
  expect.fail(`${what}: accepted`)
}

/** Watches the arrays that decoding makes, by their length. */
function countArrays(run: () => void): { longest: number } {
  const counted = { longest: 0 }
  const NativeArray = globalThis.Array
  globalThis.Array = new Proxy(NativeArray, {
    construct: (target, [length, ...rest]) => {
      if (typeof length === 'number') counted.longest = Math.max(counted.longest, length)
      return Reflect.construct(target, [length, ...rest])
    },
  })
  try {
    run()
  } finally {
    globalThis.Array = NativeArray
  }
  return counted
}
