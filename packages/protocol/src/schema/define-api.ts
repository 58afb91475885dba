import type { Codec } from './codec.ts'
import { defineMessage } from './define-message.ts'
import type { Decoded, Input } from './infer.ts'
import type { Shape } from './wire-type.ts'

/** One API of the protocol: its request and response in every declared version. */
export interface Api<Request = unknown, Response = unknown, RequestInput = never, ResponseInput = never> {
  readonly key: number
  readonly name: string
  readonly validVersions: readonly [min: number, max: number]
  /** The first version in the flexible encoding of KIP-482, or null when none is. */
  readonly flexibleSince: number | null
  /** What the codecs were made from: for checks and documents. */
  readonly declaration: { readonly request: Shape; readonly response: Shape }
  /** The version must be within `validVersions`; the router has checked it. */
  request(version: number): Codec<Request, RequestInput>
  response(version: number): Codec<Response, ResponseInput>
}

export interface ApiDeclaration<Q extends Shape, P extends Shape> {
  readonly key: number
  readonly name: string
  readonly validVersions: readonly [min: number, max: number]
  readonly flexibleSince: number | null
  readonly request: Q
  readonly response: P
}

export type DefinedApi<Q extends Shape, P extends Shape> = Api<Decoded<Q>, Decoded<P>, Input<Q>, Input<P>>

/** Derives codecs and TypeScript types from a declaration. Declaring an API does not advertise it. */
export function defineApi<const Q extends Shape, const P extends Shape>(
  declaration: ApiDeclaration<Q, P>,
): DefinedApi<Q, P> {
  const { flexibleSince, key, name, validVersions } = declaration
  const request = defineMessage({ validVersions, flexibleSince, fields: declaration.request })
  const response = defineMessage({ validVersions, flexibleSince, fields: declaration.response })
  return {
    key,
    name,
    validVersions,
    flexibleSince,
    declaration,
    request: request.codec,
    response: response.codec,
  }
}
