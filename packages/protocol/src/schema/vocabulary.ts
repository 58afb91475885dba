/**
 * The words in which wire messages are declared. One declaration covers every version of a message, as in
 * Kafka's own message files: a field that a version lacks decodes to its declared absent value.
 */
import type { Decoded, DecodedType, Input, InputType } from './infer.ts'
import type { Field, ScalarKind, Shape, StructType, TypeDescription, WireType } from './wire-type.ts'

const NEVER = Number.POSITIVE_INFINITY

export const boolean: WireType<boolean> = scalar('boolean')
export const int8: WireType<number> = scalar('int8')
export const int16: WireType<number> = scalar('int16')
export const uint16: WireType<number> = scalar('uint16')
export const int32: WireType<number> = scalar('int32')
/** A safe integer: decoding or encoding anything beyond ±(2^53 - 1) is a `WireError`. */
export const int64: WireType<number> = scalar('int64')
/** For fields in which peers send the extremes of int64: what a number cannot hold decodes to the nearest safe integer. */
export const clampedInt64: WireType<number> = scalar('clampedInt64')
export const float64: WireType<number> = scalar('float64')
/** Kafka's text form of a uuid: 22 characters of unpadded base64url. */
export const uuid: WireType<string> = scalar('uuid')
export const string: WireType<string> = scalar('string')
/** Decodes to a view of the received buffer: copy it before keeping it past the request. */
export const bytes: WireType<Buffer> = scalar('bytes')
/** Record batches, opaque to this package: a view when decoded; several buffers go out as one field without a copy. */
export const records: WireType<Buffer, Buffer | readonly Buffer[]> = scalar('records')

/** `type`, or null from version `sinceVersion` on. */
export function nullable<D, I>(type: WireType<D, I>, sinceVersion = 0): WireType<D | null, I | null> {
  return { ...type, nullableSince: sinceVersion }
}

/** Elements of one type, or structs of one shape. */
export function array<S extends Shape>(shape: S): WireType<Decoded<S>[], readonly Input<S>[]>
export function array<D, I>(element: WireType<D, I>): WireType<D[], readonly I[]>
export function array(element: Shape | TypeDescription): TypeDescription {
  return { kind: 'array', nullableSince: NEVER, element: isType(element) ? element : struct(element) }
}

/** A group of fields; in flexible versions it ends with its own section of tagged fields. */
export function struct<S extends Shape>(shape: S): WireType<Decoded<S>, Input<S>> & StructType {
  return { kind: 'struct', nullableSince: NEVER, shape }
}

/** In every version, but need not be given when encoding. */
export function withDefault<T extends TypeDescription>(type: T, value: DecodedType<T>): FieldOf<T> {
  return field(type, 0, NEVER, null, value)
}

/** From `version` on. Left out, `absent` is the type's zero: 0, '', false, [], the zero uuid, a struct of defaults. */
export function since<T extends TypeDescription>(
  version: number,
  type: T,
  absent?: DecodedType<T>,
): FieldOf<T> {
  return field(type, version, NEVER, null, absent)
}

/** Up to and including `version`. */
export function until<T extends TypeDescription>(
  version: number,
  type: T,
  absent?: DecodedType<T>,
): FieldOf<T> {
  return field(type, 0, version, null, absent)
}

/** In the versions `first` to `last`, both included. */
export function between<T extends TypeDescription>(
  versions: readonly [first: number, last: number],
  type: T,
  absent?: DecodedType<T>,
): FieldOf<T> {
  return field(type, versions[0], versions[1], null, absent)
}

/** Among the tagged fields of flexible versions from `since` on; written only when it differs from `absent`. */
export function tagged<T extends TypeDescription>(
  place: { readonly tag: number; readonly since: number },
  type: T,
  absent?: DecodedType<T>,
): FieldOf<T> {
  return field(type, place.since, NEVER, place.tag, absent)
}

export type FieldOf<T> = Field<DecodedType<T>, InputType<T>>

function field<T extends TypeDescription>(
  type: T,
  sinceVersion: number,
  untilVersion: number,
  tag: number | null,
  absent: unknown,
): FieldOf<T> {
  return { kind: 'field', type, since: sinceVersion, until: untilVersion, tag, absent }
}

function scalar(kind: ScalarKind): TypeDescription {
  return { kind, nullableSince: NEVER }
}

/** A shape may have a field called `kind`, but that is an object. */
function isType(value: Shape | TypeDescription): value is TypeDescription {
  return typeof value.kind === 'string'
}
