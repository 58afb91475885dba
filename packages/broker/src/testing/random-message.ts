import { type Api, type FieldSpec, type Shape, type TypeDescription, ZERO_UUID } from '@millrace/protocol'
import type { Prng } from '@millrace/simulator'

/** Where hostile values come from: some that exist, some that cannot be. */
export interface ValuePool {
  readonly strings: readonly string[]
  readonly uuids: readonly string[]
  /** For records fields. */
  readonly records: readonly Buffer[]
}

const INT_BOUNDS = {
  int8: [-(2 ** 7), 2 ** 7 - 1],
  int16: [-(2 ** 15), 2 ** 15 - 1],
  uint16: [0, 2 ** 16 - 1],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  clampedInt64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
} as const

const MOST_ELEMENTS = 4

/** A body for a request of that API and version: well-formed, with values that nobody would send. */
export function randomRequest(
  api: Api,
  version: number,
  prng: Prng,
  pool: ValuePool,
): Record<string, unknown> {
  return randomStruct(api.declaration.request, version, prng, pool)
}

function randomStruct(shape: Shape, version: number, prng: Prng, pool: ValuePool): Record<string, unknown> {
  const value: Record<string, unknown> = {}
  for (const [name, spec] of Object.entries(shape)) {
    const type = presentType(spec, version)
    if (type !== null) value[name] = randomValue(type, version, prng, pool)
  }
  return value
}

function presentType(spec: FieldSpec, version: number): TypeDescription | null {
  if (spec.kind !== 'field') return spec
  return version >= spec.since && version <= spec.until ? spec.type : null
}

function randomValue(type: TypeDescription, version: number, prng: Prng, pool: ValuePool): unknown {
  if (version >= type.nullableSince && prng.chance(0.15)) return null
  switch (type.kind) {
    case 'struct':
      return randomStruct(type.shape, version, prng, pool)
    case 'array': {
      const length = prng.below(MOST_ELEMENTS)
      const elements = Array.from({ length }, () => randomValue(type.element, version, prng, pool))
      // Twice the same is what duplicate checks are for.
      return length > 0 && prng.chance(0.2) ? [...elements, elements[0]] : elements
    }
    case 'boolean':
      return prng.chance(0.5)
    case 'float64':
      return prng.pick([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_VALUE])
    case 'uuid':
      return prng.pick([ZERO_UUID, ...pool.uuids])
    case 'string':
      return prng.pick(pool.strings)
    case 'bytes':
      return randomBytes(prng, prng.below(40))
    case 'records':
      return prng.chance(0.3) ? randomBytes(prng, prng.below(200)) : Buffer.from(prng.pick(pool.records))
    default:
      return randomInteger(INT_BOUNDS[type.kind], prng)
  }
}

function randomInteger([least, most]: readonly [number, number], prng: Prng): number {
  const choices = [least, most, -2, -1, 0, 0, 1, 1, 2, 3, prng.below(1000)]
  return Math.max(least, Math.min(most, prng.pick(choices)))
}

/** Bytes without a meaning. */
export function randomBytes(prng: Prng, count: number): Buffer {
  const bytes = Buffer.alloc(count)
  for (let index = 0; index < count; index++) bytes[index] = prng.below(256)
  return bytes
}

/** The frame with something wrong in it: a flipped byte, a lie in a length field, a piece cut out or put in. */
export function damage(frame: Buffer, prng: Prng): Buffer {
  const damaged = Buffer.from(frame)
  const at = prng.below(damaged.length)
  switch (prng.below(4)) {
    case 0:
      damaged.writeUInt8(prng.below(256), at)
      return damaged
    case 1: {
      const lie = prng.pick([-1, 0, 2 ** 31 - 1, -(2 ** 31), 0x7fff, 0xffff])
      if (at + 4 <= damaged.length) damaged.writeInt32BE(lie, at)
      return damaged
    }
    case 2:
      return damaged.subarray(0, Math.max(1, at))
    default:
      return Buffer.concat([
        damaged.subarray(0, at),
        randomBytes(prng, 1 + prng.below(8)),
        damaged.subarray(at),
      ])
  }
}
