import { ClientError } from './client-error.ts'

/** Reads a whole-number option, or refuses it by name, with what was given and what is allowed. */
export function integerOption(
  name: string,
  given: number | undefined,
  allowed: { min: number; max: number; default: number },
): number {
  if (given === undefined) return allowed.default
  if (Number.isSafeInteger(given) && given >= allowed.min && given <= allowed.max) return given
  throw invalidOption(name, given, `a whole number from ${allowed.min} to ${allowed.max}`)
}

/** Reads an option that is one of a few words. */
export function choiceOption<T extends string | number | boolean>(
  name: string,
  given: T | undefined,
  choices: readonly T[],
  fallback: T,
): T {
  if (given === undefined) return fallback
  if (choices.includes(given)) return given
  throw invalidOption(name, given, `one of ${choices.map(show).join(', ')}`)
}

/** Refuses options whose name nobody knows: a misspelt limit would silently not hold. */
export function refuseUnknownOptions(where: string, given: object, known: readonly string[]): void {
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) {
      throw new ClientError('INVALID_OPTION', `${where} has no option "${name}"; it has ${known.join(', ')}`)
    }
  }
}

/** The error for an option whose value cannot be used. */
export function invalidOption(name: string, given: unknown, expected: string): ClientError {
  return new ClientError('INVALID_OPTION', `${name}: got ${show(given)}, expected ${expected}`)
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value)
}
