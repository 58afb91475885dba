/** An integer as it is written. A longer one is no id: reading a million digits takes long, and nobody compares the last. */
const INTEGER = /^-?\d{1,40}$/

/** Looking at every number costs several times the parsing; fractions with so many digits are usual, and are doubles. */
const MAY_HAVE_LONG_INTEGERS = /(?<![\d.])\d{16}/

/** What Node 22 gives to a reviver and TypeScript does not know yet: the text of a value. */
type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown

/** A number of JSON or of an expression. Ids of 64 bits are beyond what a double tells apart: those are a bigint. */
export function readNumber(text: string): number | bigint {
  const number = Number(text)
  return INTEGER.test(text) && !Number.isSafeInteger(number) ? BigInt(text) : number
}

/** JSON.parse, with integers that a double would change as bigints. */
export function parseExactJson(text: string): unknown {
  if (!MAY_HAVE_LONG_INTEGERS.test(text)) return JSON.parse(text)
  const reviver: Reviver = (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined ? readNumber(source) : value
  return JSON.parse(text, reviver as Parameters<typeof JSON.parse>[1])
}
