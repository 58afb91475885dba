import { badRequest } from './http-error.ts'

/** The fields of a JSON object that came from outside, read one by one. Throws 400, naming the field. */
export class JsonFields {
  readonly #what: string
  readonly #object: Readonly<Record<string, unknown>>

  constructor(what: string, value: unknown, known: readonly string[]) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw badRequest(`${what}: expected a JSON object`)
    }
    for (const name of Object.keys(value)) {
      if (!known.includes(name)) throw badRequest(`${what}: unknown field ${name}, of ${known.join(', ')}`)
    }
    this.#what = what
    this.#object = value as Record<string, unknown>
  }

  /** As it is; undefined when it is not there. */
  value(name: string): unknown {
    return Object.hasOwn(this.#object, name) ? this.#object[name] : undefined
  }

  text(name: string): string | undefined {
    const value = this.value(name)
    if (value === undefined || typeof value === 'string') return value
    throw this.#refuse(name, 'text')
  }

  /** A text that must be there. */
  requiredText(name: string): string {
    const value = this.text(name)
    if (value === undefined || value === '') throw this.#refuse(name, 'text, and it is missing')
    return value
  }

  integer(name: string, min: number, max = Number.MAX_SAFE_INTEGER): number | undefined {
    const value = this.value(name)
    if (value === undefined) return undefined
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
    throw this.#refuse(name, `an integer from ${min} to ${max}`)
  }

  flag(name: string): boolean {
    const value = this.value(name)
    if (value === undefined || typeof value === 'boolean') return value ?? false
    throw this.#refuse(name, 'true or false')
  }

  list(name: string): readonly unknown[] | undefined {
    const value = this.value(name)
    if (value === undefined || Array.isArray(value)) return value
    throw this.#refuse(name, 'a list')
  }

  integers(name: string): readonly number[] | undefined {
    const values = this.list(name)
    if (values === undefined) return undefined
    const isGood = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0
    if (values.every(isGood)) return values
    throw this.#refuse(name, 'a list of numbers')
  }

  texts(name: string): readonly string[] | undefined {
    const values = this.list(name)
    if (values === undefined) return undefined
    if (values.every((value) => typeof value === 'string')) return values
    throw this.#refuse(name, 'a list of texts')
  }

  /** An object whose values are texts. */
  textMap(name: string): Readonly<Record<string, string>> | undefined {
    const value = this.value(name)
    if (value === undefined) return undefined
    const isMap = typeof value === 'object' && value !== null && !Array.isArray(value)
    if (isMap && Object.values(value).every((text) => typeof text === 'string')) {
      return value as Record<string, string>
    }
    throw this.#refuse(name, 'an object of texts')
  }

  #refuse(name: string, expected: string): Error {
    const seen = JSON.stringify(this.value(name)) ?? 'nothing'
    return badRequest(`${this.#what}: ${name} is ${seen.slice(0, 100)}, expected ${expected}`)
  }
}
