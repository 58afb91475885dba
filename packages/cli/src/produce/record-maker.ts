import type { ProducerRecord } from '@millrace/client'
import { fieldOf, parseTemplate, type Template } from './template.ts'

/** What of a unit of the input says something about the record. */
export interface RecordOptions {
  readonly keyField: string | undefined
  /** Text with `{field}` in it. */
  readonly key: string | undefined
  readonly timestampField: string | undefined
  /** `NAME=TEMPLATE` */
  readonly headers: readonly string[]
  readonly partition: number | undefined
}

/** A unit of the input that cannot become a record, and why. */
export class BadInputError extends Error {
  override readonly name = 'BadInputError'
}

/** Makes records: the value is the input as it is; key, time and headers come from its fields. */
export class RecordMaker {
  readonly #options: RecordOptions
  readonly #key: Template | null
  readonly #headers: readonly { readonly name: string; readonly value: Template }[]
  readonly #needsFields: boolean

  constructor(options: RecordOptions) {
    this.#options = options
    this.#key = options.key === undefined ? null : parseTemplate('--key', options.key)
    this.#headers = options.headers.map((header) => {
      const at = header.indexOf('=')
      return {
        name: header.slice(0, Math.max(0, at)),
        value: parseTemplate('--header', header.slice(at + 1)),
      }
    })
    const templates = [this.#key, ...this.#headers.map(({ value }) => value)]
    this.#needsFields =
      options.keyField !== undefined ||
      options.timestampField !== undefined ||
      templates.some((template) => template?.hasFields)
  }

  /** Throws BadInputError. */
  make(value: Buffer): ProducerRecord {
    const { partition } = this.#options
    const place = partition === undefined ? {} : { partition }
    if (!this.#needsFields && this.#key === null && this.#headers.length === 0) return { value, ...place }
    const fields = this.#needsFields ? parseObject(value) : {}
    return { value, ...this.#keyOf(fields), ...this.#timeOf(fields), ...this.#headersOf(fields), ...place }
  }

  #keyOf(fields: object): { key?: string | null } {
    const { keyField } = this.#options
    if (this.#key !== null) return { key: this.#key.fill(fields) }
    return keyField === undefined ? {} : { key: asText(fieldOf(fields, keyField.split('.'))) }
  }

  #timeOf(fields: object): { timestampMs?: number } {
    const { timestampField } = this.#options
    if (timestampField === undefined) return {}
    const value = fieldOf(fields, timestampField.split('.'))
    const time =
      typeof value === 'number' ? value : typeof value === 'string' ? Date.parse(value) : Number.NaN
    if (Number.isSafeInteger(time) && time >= 0) return { timestampMs: time }
    const seen = JSON.stringify(value) ?? 'not there'
    throw new BadInputError(`${timestampField} is ${seen}: expected milliseconds or an ISO date`)
  }

  #headersOf(fields: object): { headers?: { key: string; value: string }[] } {
    if (this.#headers.length === 0) return {}
    return { headers: this.#headers.map(({ name, value }) => ({ key: name, value: value.fill(fields) })) }
  }
}

function parseObject(bytes: Buffer): object {
  const text = bytes.toString('utf8')
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed === 'object' && parsed !== null) return parsed
  } catch {
    // Told below, with what is JSON and no object.
  }
  throw new BadInputError(`not a JSON object: ${text.length > 60 ? `${text.slice(0, 60)}...` : text}`)
}

/** A record without the field has no key. */
function asText(value: unknown): string | null {
  if (value === undefined || value === null) return null
  return typeof value === 'string' ? value : JSON.stringify(value)
}
