import type { Field, Phantom, Shape } from './wire-type.ts'

/** What decoding a shape gives: every field, absent ones with their default. */
export type Decoded<S extends Shape> = Flat<{ -readonly [K in keyof S]: DecodedType<S[K]> }>

/** What encoding a shape takes: fields that have a default may be left out, arrays may be read-only. */
export type Input<S extends Shape> = Flat<
  { [K in keyof S as S[K] extends Field<unknown, unknown> ? never : K]: InputType<S[K]> } & {
    [K in keyof S as S[K] extends Field<unknown, unknown> ? K : never]?: InputType<S[K]> | undefined
  }
>

export type DecodedType<T> = T extends Phantom<infer D, unknown> ? D : never

export type InputType<T> = T extends Phantom<unknown, infer I> ? I : never

/** One object type instead of an intersection; the empty one makes editors and errors show its fields. */
type Flat<T> = { [K in keyof T]: T[K] } & {}
