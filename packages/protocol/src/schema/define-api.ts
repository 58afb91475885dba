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

/**
 * Replaces the codec of one version by a faster one that does the same; what it does not need to change it takes
 * from `declared`.
 */
export type HandWrittenCodec<Decoded, Input> = (
  version: number,
  isFlexible: boolean,
  declared: Codec<Decoded, Input>,
) => Codec<Decoded, Input>

export interface ApiDeclaration<Q extends Shape, P extends Shape> {
  readonly key: number
  readonly name: string
  readonly validVersions: readonly [min: number, max: number]
  readonly flexibleSince: number | null
  readonly request: Q
  readonly response: P
  /** For the data path alone, where a measurement asks for it. */
  readonly handWritten?: {
    readonly request?: HandWrittenCodec<Decoded<Q>, Input<Q>>
    readonly response?: HandWrittenCodec<Decoded<P>, Input<P>>
  }
}

export type DefinedApi<Q extends Shape, P extends Shape> = Api<Decoded<Q>, Decoded<P>, Input<Q>, Input<P>>

/** Derives codecs and TypeScript types from a declaration. Declaring an API does not advertise it. */
export function defineApi<const Q extends Shape, const P extends Shape>(
  declaration: ApiDeclaration<Q, P>,
): DefinedApi<Q, P> {
  const { flexibleSince, handWritten, key, name, validVersions } = declaration
  const request = defineMessage({ validVersions, flexibleSince, fields: declaration.request })
  const response = defineMessage({ validVersions, flexibleSince, fields: declaration.response })
  const isFlexible = (version: number) => flexibleSince !== null && version >= flexibleSince
  return {
    key,
    name,
    validVersions,
    flexibleSince,
    declaration,
    request: replaced(request.codec, handWritten?.request, isFlexible),
    response: replaced(response.codec, handWritten?.response, isFlexible),
  }
}

function replaced<D, I>(
  declared: (version: number) => Codec<D, I>,
  handWritten: HandWrittenCodec<D, I> | undefined,
  isFlexible: (version: number) => boolean,
): (version: number) => Codec<D, I> {
  if (handWritten === undefined) return declared
  const codecs: (Codec<D, I> | undefined)[] = []
  const make = (version: number): Codec<D, I> => {
    const codec = handWritten(version, isFlexible(version), declared(version))
    codecs[version] = codec
    return codec
  }
  return (version) => codecs[version] ?? make(version)
}
