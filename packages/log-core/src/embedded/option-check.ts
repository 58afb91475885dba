import { inspect } from 'node:util'
import { InvalidRequestError } from './invalid-request-error.ts'

/** Which values an option takes: a test, and the words for whoever fails it. */
export interface OptionCheck {
  readonly expected: string
  readonly accepts: (value: unknown) => boolean
}

/** A check for every option that there is. */
export type OptionChecks<Options> = Readonly<Record<keyof Options, OptionCheck>>

/**
 * Refuses by its name an option that nobody knows or that has a wrong value: programs without types pass them, and a
 * misspelt limit would silently not hold. `undefined` is the same as an absent option.
 */
export function checkOptions<Options extends object>(
  { of, path }: { of: string; path: string },
  given: Options,
  checks: OptionChecks<Options>,
): void {
  if (!isObject(given)) throw invalidOption(path, `the options of ${of}`, { given, expected: 'an object' })
  const known: Readonly<Record<string, OptionCheck>> = checks
  for (const [name, value] of Object.entries(given)) {
    const check = Object.hasOwn(known, name) ? known[name] : undefined
    if (check === undefined) {
      const message = `${of} has no option "${name}"; it has ${Object.keys(known).join(', ')}`
      throw new InvalidRequestError('INVALID_OPTION', path, message)
    }
    if (value === undefined || check.accepts(value)) continue
    throw invalidOption(path, `${name} of ${of}`, { given: value, expected: check.expected })
  }
}

/** The error for an option or an argument that cannot be used. */
export function invalidOption(
  path: string,
  name: string,
  { given, expected }: { given: unknown; expected: string },
): InvalidRequestError {
  return new InvalidRequestError('INVALID_OPTION', path, `${name}: got ${shown(given)}, expected ${expected}`)
}

/** The options without those that are `undefined`, which would hide a default when they are spread over it. */
export function withoutUndefined<Options extends object>(given: Options): Options {
  const kept = { ...given }
  for (const [name, value] of Object.entries(kept))
    if (value === undefined) Reflect.deleteProperty(kept, name)
  return kept
}

export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER): OptionCheck {
  return {
    expected: `a whole number from ${min} to ${max}`,
    accepts: (value) => Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max,
  }
}

export function oneOf(...words: readonly string[]): OptionCheck {
  return {
    expected: `one of ${words.map((word) => `'${word}'`).join(', ')}`,
    accepts: (value) => typeof value === 'string' && words.includes(value),
  }
}

/** By what it can do, not by its class: test runners have an AbortSignal of their own realm. */
export function objectWith(expected: string, ...methods: readonly string[]): OptionCheck {
  return {
    expected,
    accepts: (value) => isObject(value) && methods.every((name) => typeof value[name] === 'function'),
  }
}

/** An object whose own options are checked by themselves. */
export const anyObject: OptionCheck = {
  expected: 'an object',
  accepts: (value) => isObject(value) && !Array.isArray(value),
}

export const aFunction: OptionCheck = {
  expected: 'a function',
  accepts: (value) => typeof value === 'function',
}

export const aSignal = objectWith('an AbortSignal', 'throwIfAborted', 'addEventListener')

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

/** What was given in one short line, so that '9' and 9 are not taken for the same. */
export function shown(value: unknown): string {
  return inspect(value, { depth: 0, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 100 })
}
