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
  override readonly name = 'InvalidConfigError'
}

/** How one configuration is read. `parse` throws an InvalidConfigError whose message lacks the key. */
export interface ConfigValue<T> {
  readonly type: ConfigTypeName
  /** As DescribeConfigs shows it; null: no value. */
  readonly defaultText: string | null
  readonly defaultValue: T
  parse(text: string): T
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
    parse: (text) => parseInteger('LONG', text, range),
  }
}

export function nullableInt(range: NumberRange = {}): ConfigValue<number | null> {
  return {
    type: 'INT',
    defaultText: null,
    defaultValue: null,
    parse: (text) => parseInteger('INT', text, range),
  }
}

export function double(defaultValue: number, range: NumberRange): ConfigValue<number> {
  return {
    type: 'DOUBLE',
    defaultText: String(defaultValue),
    defaultValue,
    parse: (text) => {
      const [, digits] = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)[fd]?$/i.exec(text.trim()) ?? []
      if (digits === undefined) throw new InvalidConfigError('Not a number of type DOUBLE')
      return checkRange(Number(digits), range)
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
    parse: (text) => {
      const trimmed = text.trim()
      if (allowed !== undefined && !(allowed as readonly string[]).includes(trimmed)) {
        throw new InvalidConfigError(`String must be one of: ${allowed.join(', ')}`)
      }
      return trimmed as Text
    },
  }
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
    parse: (text) => {
      const items = text.trim() === '' ? [] : text.split(',').map((item) => item.trim())
      if (allowed === undefined) return items as Item[]
      for (const item of items) {
        if (!(allowed as readonly string[]).includes(item)) {
          throw new InvalidConfigError(`String must be one of: ${allowed.join(', ')}`)
        }
      }
      return [...new Set(items)] as Item[]
    },
  }
}

type IntegerType = 'INT' | 'SHORT' | 'LONG'

function integer(type: IntegerType, defaultText: string, range: NumberRange): ConfigValue<number> {
  const parse = (text: string): number => parseInteger(type, text, range)
  return { type, defaultText, defaultValue: parse(defaultText), parse }
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
  return checkRange(value, range)
}

function checkRange(value: number, { min, max, or }: NumberRange): number {
  const isBelow = min !== undefined && value < min
  const isAbove = max !== undefined && value > max
  if (value === or || (!isBelow && !isAbove)) return value
  if (or !== undefined) {
    throw new InvalidConfigError(`Value must be between ${min} and ${max} or equal to ${or}`)
  }
  throw new InvalidConfigError(
    isBelow ? `Value must be at least ${min}` : `Value must be no more than ${max}`,
  )
}
