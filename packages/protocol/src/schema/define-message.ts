import { strict as assert } from 'node:assert'
import type { Codec } from './codec.ts'
import { compileStruct } from './compile.ts'
import type { Decoded, Input } from './infer.ts'
import type { Shape } from './wire-type.ts'

export interface MessageDeclaration<S extends Shape> {
  readonly validVersions: readonly [min: number, max: number]
  /** The first version in the flexible encoding of KIP-482, or null when none is. */
  readonly flexibleSince: number | null
  readonly fields: S
}

export interface Message<Decoded, Input = Decoded> {
  readonly validVersions: readonly [min: number, max: number]
  readonly fields: Shape
  /** Compiled on first use. The version must be a valid one: whoever read it from outside has checked that. */
  codec(version: number): Codec<Decoded, Input>
}

/** A message in all its versions: a request, a response, or a record of an internal topic. */
export function defineMessage<const S extends Shape>(
  declaration: MessageDeclaration<S>,
): Message<Decoded<S>, Input<S>> {
  const { fields, flexibleSince, validVersions } = declaration
  const [min, max] = validVersions
  assert(min >= 0 && min <= max)
  // A program uses few of the hundreds of (message, version) pairs, and start-up time counts.
  const compiled: (Codec<Decoded<S>, Input<S>> | undefined)[] = []
  const compile = (version: number): Codec<Decoded<S>, Input<S>> => {
    assert(version >= min && version <= max, `version ${version} is outside ${min}..${max}`)
    const isFlexible = flexibleSince !== null && version >= flexibleSince
    // The boundary between declared data and static types: `Decoded` and `Input` describe what is compiled.
    const codec = compileStruct(fields, version, isFlexible) as unknown as Codec<Decoded<S>, Input<S>>
    compiled[version] = codec
    return codec
  }
  return { validVersions, fields, codec: (version) => compiled[version] ?? compile(version) }
}
