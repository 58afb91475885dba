import { badRequest } from './http-error.ts'

/** What Node 22 has and TypeScript does not know yet: the text of a number, and numbers that are written as that text. */
interface ExactJson {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown
  rawJSON(text: string): object
}

/**
 * Lists and objects in each other. For JSON.stringify a value costs the square of its depth, until the stack is full: 12 MB
 * of lists 3,000 deep would stop the process for nine seconds.
 */
const MAX_DEPTH = 200

/** Digits that every number keeps through a double. */
const SAFE_DIGITS = 15
/**
 * Finds at least all integers with more digits than that, and numbers beyond every double. Not fractions: most with so many
 * digits are doubles as programs print them, and looking at every number takes five times as long as parsing.
 */
const MAY_LOSE_DIGITS = /(?<![\d.])\d{16}|\d[eE]\+?\d{3}/

/**
 * Reads JSON as JSON.parse does, apart from integers that a double would change, and numbers beyond every double: those are
 * objects that JSON.stringify writes digit for digit, since what is sent must be stored as it is, ids of 64 bits too.
 * Throws 400, naming `what`.
 */
export function parseJson(what: string, text: string): unknown {
  const value = parse(what, text)
  // A shorter text has no room for so many.
  if (text.length > 2 * MAX_DEPTH && isDeeperThan(MAX_DEPTH, value)) throw tooDeep(what)
  return value
}

function parse(what: string, text: string): unknown {
  try {
    return MAY_LOSE_DIGITS.test(text) ? parseExactly(text) : JSON.parse(text)
  } catch (error) {
    // The stack is full, long behind the depth that is allowed.
    if (error instanceof RangeError) throw tooDeep(what)
    const shown = text === '' ? 'it is empty' : text.length > 60 ? `${text.slice(0, 60)}...` : text
    throw badRequest(`${what} is no JSON: ${shown}`)
  }
}

function parseExactly(text: string): unknown {
  const json = JSON as unknown as ExactJson
  return json.parse(text, (_key, value, { source }) => {
    if (typeof value !== 'number' || source === undefined) return value
    const isExact = Number.isFinite(value) && source.replaceAll(/\D/g, '').length <= SAFE_DIGITS
    return isExact || String(value) === source ? value : json.rawJSON(source)
  })
}

function isDeeperThan(depth: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return depth === 0 || Object.values(value).some((part) => isDeeperThan(depth - 1, part))
}

function tooDeep(what: string): Error {
  return badRequest(`${what} is nested more than ${MAX_DEPTH} deep`)
}
