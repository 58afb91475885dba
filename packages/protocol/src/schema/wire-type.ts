/**
 * What a declaration consists of: plain data that codecs, TypeScript types, the conformance walk and the
 * property tests are derived from.
 */

/** Kinds without parts. `clampedInt64` is an int64 on the wire whose extremes peers do send. */
export type ScalarKind =
  | 'boolean'
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'int64'
  | 'clampedInt64'
  | 'float64'
  | 'uuid'
  | 'string'
  | 'bytes'
  | 'records'

export interface ScalarType {
  readonly kind: ScalarKind
  /** The first version in which null is allowed; Infinity when it never is. */
  readonly nullableSince: number
}

export interface ArrayType {
  readonly kind: 'array'
  readonly nullableSince: number
  readonly element: TypeDescription
}

export interface StructType {
  readonly kind: 'struct'
  readonly nullableSince: number
  readonly shape: Shape
}

export type TypeDescription = ScalarType | ArrayType | StructType

/** Carries the TypeScript types of a wire type; there is nothing there at run time. */
export interface Phantom<Decoded, Input> {
  readonly types?: () => [Decoded, Input]
}

/** A wire type: `Decoded` is what reading gives, `Input` what writing takes. */
export type WireType<Decoded, Input = Decoded> = TypeDescription & Phantom<Decoded, Input>

/** A field that some versions lack, or that has a default. */
export interface Field<Decoded, Input = Decoded> extends Phantom<Decoded, Input> {
  readonly kind: 'field'
  readonly type: TypeDescription
  readonly since: number
  /** The last version that has the field, or Infinity. */
  readonly until: number
  /** The field's number among the tagged fields of its struct, or null when it stands in the fixed part. */
  readonly tag: number | null
  /** What the field is where it is absent; undefined means the zero of its type. */
  readonly absent: unknown
}

export type FieldSpec = TypeDescription | Field<unknown, unknown>

/** The fields of a struct in wire order. Names are Kafka's, with the first letter in lower case. */
export type Shape = Readonly<Record<string, FieldSpec>>

/** Every field in its long form. */
export function fieldsOf(shape: Shape): [name: string, field: Field<unknown, unknown>][] {
  return Object.entries(shape).map(([name, spec]) => [
    name,
    spec.kind === 'field'
      ? spec
      : {
          kind: 'field',
          type: spec,
          since: 0,
          until: Number.POSITIVE_INFINITY,
          tag: null,
          absent: undefined,
        },
  ])
}

export function isPresent(field: Field<unknown, unknown>, version: number): boolean {
  return version >= field.since && version <= field.until
}
