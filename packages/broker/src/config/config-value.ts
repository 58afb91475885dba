/**
 * Values of configuration, as Kafka writes them: text in files, requests and answers, typed inside.
 *
 * The sentences of `InvalidConfigError` follow Kafka's `ConfigDef`, because operators search for them.
 */

/** Kafka's own type names; DescribeConfigs tells them as numbers. */
export type ConfigTypeName =
  | 'BOOLEAN'
  | 'STRING'
  | 'INT'
  | 'SHORT'
  | 'LONG'
  | 'DOUBLE'
  | 'LIST'
  | 'CLASS'
  | 'PASSWORD'

/** A value that cannot be accepted, or a key that does not exist. The message is fit for a user. */
export class InvalidConfigError extends Error {
  override readonly name: string = 'InvalidConfigError'
}

/** A text that is no value of its configuration. The message is the reason alone: `readConfig` makes the sentence. */
class InvalidValueError extends InvalidConfigError {
  override readonly name = 'InvalidValueError'
  /** What the sentence names, as in Kafka: what was read of the text until then, such as one item of a list. */
  readonly shown: string

  constructor(shown: string, reason: string) {
    super(reason)
    this.shown = shown
  }
}

/** How one configuration is read. */
export interface ConfigValue<T> {
  readonly type: ConfigTypeName
  /** As DescribeConfigs shows it; null: no value. */
  readonly defaultText: string | null
  readonly defaultValue: T
  /** Which values there are, for a reader; empty where the type says it. */
  readonly accepts: string
  /** Throws an InvalidConfigError that lacks the key: `readConfig` gives it one. */
  parse(text: string): T
}

/** Reads the text of one configuration. Throws InvalidConfigError with Kafka's sentence. */
export function readConfig<T>(name: string, value: ConfigValue<T>, text: string): T {
  try {
    return value.parse(text)
  } catch (cause) {
    if (!(cause instanceof InvalidConfigError)) throw cause
    throw invalidConfig(name, cause instanceof InvalidValueError ? cause.shown : text, cause.message, cause)
  }
}

/** The refusal of a value, in Kafka's words. */
export function invalidConfig(
  name: string,
  shown: string,
  reason: string,
  cause?: InvalidConfigError,
): InvalidConfigError {
  return new InvalidConfigError(`Invalid value ${shown} for configuration ${name}: ${reason}`, { cause })
}

interface NumberRange {
  readonly min?: number
  readonly max?: number
  /** One value outside of the range that has a meaning of its own. */
  readonly or?: number
}

/** The largest int64: Kafka's way to say "never". Read as the largest safe integer. */
export const LONG_MAX_TEXT = '9223372036854775807'

const BITS = { SHORT: 16n, INT: 32n, LONG: 64n } as const

export function boolean(defaultValue: boolean): ConfigValue<boolean> {
  return {
    type: 'BOOLEAN',
    defaultText: String(defaultValue),
    defaultValue,
    accepts: '',
    parse: (text) => {
      const lower = text.trim().toLowerCase()
      if (lower === 'true') return true
      if (lower === 'false') return false
      throw new InvalidConfigError('Expected value to be either true or false')
    },
  }
}

export function int(defaultValue: number, range: NumberRange = {}): ConfigValue<number> {
  return integer('INT', String(defaultValue), range)
}

export function short(defaultValue: number, range: NumberRange = {}): ConfigValue<number> {
  return integer('SHORT', String(defaultValue), range)
}

/** `defaultValue` is text where the default is `LONG_MAX_TEXT`. */
export function long(defaultValue: number | string, range: NumberRange = {}): ConfigValue<number> {
  return integer('LONG', String(defaultValue), range)
}

export function nullableLong(range: NumberRange = {}): ConfigValue<number | null> {
  return {
    type: 'LONG',
    defaultText: null,
    defaultValue: null,
    accepts: rangeText(range),
    parse: (text) => parseInteger('LONG', text, range),
  }
}

export function nullableInt(range: NumberRange = {}): ConfigValue<number | null> {
  return {
    type: 'INT',
    defaultText: null,
    defaultValue: null,
    accepts: rangeText(range),
    parse: (text) => parseInteger('INT', text, range),
  }
}

export function double(defaultValue: number, range: NumberRange): ConfigValue<number> {
  return {
    type: 'DOUBLE',
    defaultText: String(defaultValue),
    defaultValue,
    accepts: rangeText(range),
    parse: (text) => {
      const [, digits] = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)[fd]?$/i.exec(text.trim()) ?? []
      if (digits === undefined) throw new InvalidConfigError('Not a number of type DOUBLE')
      return checkRange(Number(digits), range, doubleText(Number(digits)))
    },
  }
}

export function string<Text extends string = string>(
  defaultValue: Text,
  allowed?: readonly Text[],
): ConfigValue<Text> {
  return {
    type: 'STRING',
    defaultText: defaultValue,
    defaultValue,
    accepts: choiceText(allowed),
    parse: (text) => {
      const trimmed = text.trim()
      if (allowed === undefined) return trimmed as Text
      return chosen(trimmed, allowed)
    },
  }
}

/** One of some words, however they are capitalized. */
export function caselessString<Text extends string>(
  defaultValue: Text,
  allowed: readonly Text[],
): ConfigValue<Text> {
  const base = string(defaultValue, allowed)
  return { ...base, parse: (text) => base.parse(text.toLowerCase()) }
}

export function nullableString(allowed?: readonly string[]): ConfigValue<string | null> {
  return { ...string('', allowed), defaultText: null, defaultValue: null }
}

/** A comma-separated list; the empty text is the empty list. */
export function list<Item extends string>(
  defaultValue: readonly Item[],
  allowed?: readonly Item[],
): ConfigValue<readonly Item[]> {
  return {
    type: 'LIST',
    defaultText: defaultValue.join(','),
    defaultValue,
    accepts: choiceText(allowed),
    parse: (text) => {
      const items = text.trim() === '' ? [] : text.split(',').map((item) => item.trim())
      if (allowed === undefined) return items as Item[]
      return [...new Set(items.map((item) => chosen(item, allowed)))]
    },
  }
}

type IntegerType = 'INT' | 'SHORT' | 'LONG'

function integer(type: IntegerType, defaultText: string, range: NumberRange): ConfigValue<number> {
  const parse = (text: string): number => parseInteger(type, text, range)
  return { type, defaultText, defaultValue: parse(defaultText), accepts: rangeText(range), parse }
}

function parseInteger(type: IntegerType, text: string, range: NumberRange): number {
  const trimmed = text.trim()
  if (!/^[+-]?\d{1,19}$/.test(trimmed)) throw new InvalidConfigError(`Not a number of type ${type}`)
  const exact = BigInt(trimmed.startsWith('+') ? trimmed.slice(1) : trimmed)
  const bits = BITS[type]
  if (exact >= 2n ** (bits - 1n) || exact < -(2n ** (bits - 1n))) {
    throw new InvalidConfigError(`Not a number of type ${type}`)
  }
  // Beyond 2^53 the exact number means nothing here: such a limit is never reached.
  const value = Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number(exact), Number.MAX_SAFE_INTEGER))
  return checkRange(value, range, String(exact))
}

/** A double as Java writes it, which is how Kafka shows it: 1.0, 1.0E-5. */
export function doubleText(value: number): string {
  const size = Math.abs(value)
  if (value === 0 || (size >= 1e-3 && size < 1e7)) {
    return Number.isInteger(value) ? value.toFixed(1) : String(value)
  }
  const [mantissa = '', exponent = ''] = value.toExponential().split('e')
  return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}E${exponent.replace('+', '')}`
}

function checkRange(value: number, range: NumberRange, shown: string): number {
  const { min, max, or } = range
  const isBelow = min !== undefined && value < min
  const isAbove = max !== undefined && value > max
  if (value === or || (!isBelow && !isAbove)) return value
  if (or !== undefined) throw new InvalidValueError(shown, `Value must be ${rangeText(range)}`)
  throw new InvalidValueError(
    shown,
    isBelow ? `Value must be at least ${min}` : `Value must be no more than ${max}`,
  )
}

function rangeText({ min, max, or }: NumberRange): string {
  if (min === undefined) return ''
  const range = max === undefined ? `at least ${min}` : `between ${min} and ${max}`
  return or === undefined ? range : `${range} or equal to ${or}`
}

function chosen<Text extends string>(text: string, allowed: readonly Text[]): Text {
  const found = allowed.find((each) => each === text)
  if (found === undefined) throw new InvalidValueError(text, `String must be one of: ${allowed.join(', ')}`)
  return found
}

function choiceText(allowed: readonly string[] | undefined): string {
  return allowed === undefined ? '' : allowed.join(', ')
}
