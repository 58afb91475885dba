import { ClientError } from './client-error.ts'

/** Reads a whole-number option, or refuses it by name, with what was given and what is allowed. */
export function integerOption(
  name: string,
  given: number | undefined,
  allowed: { min: number; max: number; default: number },
): number {
  return given === undefined ? allowed.default : requiredInteger(name, given, allowed)
}

/** The same where there is no default. */
export function requiredInteger(
  name: string,
  given: number,
  allowed: { readonly min: number; readonly max: number },
): number {
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

/** Reads an option that is a name: a string that is not empty. */
export function nameOption<T>(name: string, given: string | undefined, fallback: T): string | T {
  return given === undefined ? fallback : requiredName(name, given)
}

/** The same where there is no default. */
export function requiredName(name: string, given: string): string {
  if (typeof given === 'string' && given !== '') return given
  throw invalidOption(name, given, 'a string that is not empty')
}

/** Checks an argument that is text, and may be empty: what that means is for the broker to say. */
export function requiredText(name: string, given: string): void {
  if (typeof given !== 'string') throw invalidOption(name, given, 'a string')
}

/** Reads an option that is a function to be called. */
export function functionOption<F>(name: string, given: F | undefined, fallback: F): F {
  if (given === undefined) return fallback
  if (typeof given === 'function') return given
  throw invalidOption(name, given, 'a function')
}

/** Checks an option that ends something. */
export function checkSignal(given: AbortSignal | undefined): void {
  if (given !== undefined && !(given instanceof AbortSignal))
    throw invalidOption('signal', given, 'an AbortSignal')
}

/** Checks an argument that names partitions. */
export function checkPlaces(given: readonly { readonly topic: string; readonly partition: number }[]): void {
  if (!Array.isArray(given)) throw invalidOption('partitions', given, 'an array of { topic, partition }')
  given.forEach(checkPlace)
}

/** Checks an argument that names one partition: as text it would be another one. */
export function checkPlace(given: { readonly topic: string; readonly partition: number }): void {
  requiredName('topic', given?.topic)
  requiredInteger('partition', given.partition, { min: 0, max: 2 ** 31 - 1 })
}

/** Checks an argument that is a list of names, of topics for example. */
export function checkNames(what: string, given: readonly string[]): void {
  const isList = Array.isArray(given) && given.every((name) => typeof name === 'string' && name !== '')
  if (!isList) throw invalidOption(what, given, 'an array of names')
}

/** Checks an option that is a part of the program itself: an object with this method. */
export function partOption(name: string, given: object | undefined, method: string): void {
  if (given === undefined || typeof Reflect.get(Object(given), method) === 'function') return
  throw invalidOption(name, given, `an object with ${method}()`)
}

/** Refuses what is no object, and options whose name nobody knows: a misspelt limit would silently not hold. */
export function refuseUnknownOptions(where: string, given: object, known: readonly string[]): void {
  if (typeof given !== 'object' || given === null) {
    throw invalidOption(`the options of ${where}`, given, 'an object')
  }
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

/** What was given, as a message shows it. */
export function show(value: unknown): string {
  // A cycle or a BigInt has no JSON, and is no reason to hide what was wrong.
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return String(value)
  }
}
