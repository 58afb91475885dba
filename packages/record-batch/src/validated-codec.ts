import { decodeRange, json, type ValueCodec } from './value-codec.ts'

/** What a validator says of one value. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] }

/** One thing that is wrong with a value, and where in it. */
export interface StandardIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** A validator as zod, valibot, arktype and others offer it: version 1 of the Standard Schema specification. */
export interface StandardSchema<Input, Output> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

/** How many issues the message of an error names: a long list with one fault each would make a page. */
const MAX_ISSUES_TOLD = 5

/**
 * JSON whose values are checked both ways: what does not fit is neither sent nor handed on. Reading gives the
 * validator's output, defaults filled in; what is sent must be valid as it is, and goes out as it was given.
 * Throws a TypeError that names what is wrong where, and for a validator that answers only later.
 */
export function validated<Input, Output extends Input>(
  schema: StandardSchema<Input, Output>,
): ValueCodec<Output> {
  const plain = json<unknown>()
  return {
    encode(value) {
      validate(schema, value)
      return plain.encode(value)
    },
    decode: (bytes) => validate(schema, plain.decode(bytes)),
    decodeAt: (bytes, start, end) => validate(schema, decodeRange(plain, bytes, start, end)),
  }
}

function validate<Input, Output>(schema: StandardSchema<Input, Output>, value: unknown): Output {
  const { vendor, validate: check } = schema['~standard']
  const result = check(value)
  if (result instanceof Promise) {
    // Nobody waits for it, so its failure must not end the process.
    result.catch(() => {})
    throw new TypeError(`the ${vendor} validator is asynchronous, and a codec cannot wait`)
  }
  if (result.issues === undefined) return result.value
  const told = result.issues.slice(0, MAX_ISSUES_TOLD).map(describeIssue)
  const rest = result.issues.length - told.length
  throw new TypeError(`not valid: ${told.join('; ')}${rest > 0 ? `; and ${rest} more` : ''}`)
}

function describeIssue({ message, path = [] }: StandardIssue): string {
  const keys = path.map((part) => String(typeof part === 'object' ? part.key : part))
  return keys.length === 0 ? message : `${keys.join('.')}: ${message}`
}
