import type { ConsumerRecord } from '@millrace/client'
import { CommandError } from '../command-error.ts'
import { parseExactJson } from './exact-integer.ts'
import { parseExpression, type Subject } from './expression.ts'

/** Whether a record is to be shown. */
export type RecordFilter = (record: ConsumerRecord) => boolean

/** What the command line says about the records that are meant; all of it must hold. */
export interface FilterOptions {
  readonly key: string | undefined
  readonly grep: string | undefined
  readonly where: string | undefined
  /** One record in so many. */
  readonly sample: number | undefined
}

const NAMES = ['value', 'key', 'offset', 'partition', 'timestamp', 'topic', 'headers']

/** Makes one filter of all that is asked; null when nothing is. */
export function recordFilter({ key, grep, where, sample }: FilterOptions): RecordFilter | null {
  const filters: RecordFilter[] = []
  if (key !== undefined) filters.push(keyFilter(key))
  if (grep !== undefined) filters.push(grepFilter(grep))
  if (where !== undefined) {
    const predicate = parseExpression(where, NAMES)
    filters.push((record) => predicate(new RecordSubject(record)))
  }
  if (sample !== undefined) filters.push(everyNth(sample))
  if (filters.length === 0) return null
  return (record) => filters.every((filter) => filter(record))
}

function keyFilter(key: string): RecordFilter {
  const bytes = Buffer.from(key)
  return (record) => record.key?.equals(bytes) ?? false
}

function grepFilter(pattern: string): RecordFilter {
  let compiled: RegExp
  try {
    compiled = new RegExp(pattern, 'u')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new CommandError(`--grep ${pattern}: ${reason}`)
  }
  return ({ value }) => value !== null && compiled.test(value.toString('utf8'))
}

/** The last of the filters, so that it counts what the others let through. */
function everyNth(count: number): RecordFilter {
  let seen = 0
  return () => seen++ % count === 0
}

/** A record as an expression sees it. Its value is read as JSON when it is asked for a field, once. */
class RecordSubject implements Subject {
  readonly #record: ConsumerRecord
  #parsed: { readonly value: unknown } | null = null

  constructor(record: ConsumerRecord) {
    this.#record = record
  }

  get([name, ...path]: readonly string[]): unknown {
    const { topic, partition, offset, timestampMs } = this.#record
    switch (name) {
      case 'value':
        return path.length === 0 ? this.#whole() : follow(this.#json(), path)
      case 'key':
        return this.#record.key?.toString('utf8') ?? null
      case 'headers':
        return this.#header(path)
      case 'timestamp':
        return timestampMs
      case 'topic':
        return topic
      case 'partition':
        return partition
      case 'offset':
        return offset
      default:
        return undefined
    }
  }

  /** A value that is a JSON number, text or truth is that; anything else is its text. */
  #whole(): unknown {
    const json = this.#json()
    return typeof json === 'object' || json === undefined
      ? (this.#record.value?.toString('utf8') ?? null)
      : json
  }

  #json(): unknown {
    this.#parsed ??= { value: parseJson(this.#record.value) }
    return this.#parsed.value
  }

  #header([name]: readonly string[]): unknown {
    return this.#record.headers.findLast(({ key }) => key === name)?.value?.toString('utf8')
  }
}

function parseJson(value: Buffer | null): unknown {
  if (value === null) return null
  try {
    return parseExactJson(value.toString('utf8'))
  } catch {
    return undefined
  }
}

function follow(value: unknown, path: readonly string[]): unknown {
  let found = value
  for (const part of path) {
    // Own fields only: `value.constructor` is a field like any other.
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, part)) return undefined
    found = (found as Record<string, unknown>)[part]
  }
  return found
}
