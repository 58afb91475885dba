import { badRequest } from './http-error.ts'

/** The parameters of a request, each at most once, and none that the route does not know. */
export class Query {
  readonly #values = new Map<string, string>()

  constructor(params: URLSearchParams, known: readonly string[]) {
    for (const [name, value] of params) {
      if (!known.includes(name))
        throw badRequest(`unknown parameter ${name}: this route has ${known.join(', ')}`)
      if (this.#values.has(name)) throw badRequest(`the parameter ${name} is given twice`)
      this.#values.set(name, value)
    }
  }

  text(name: string): string | undefined {
    return this.#values.get(name)
  }

  integer(name: string, min: number, max = Number.MAX_SAFE_INTEGER): number | undefined {
    const text = this.#values.get(name)
    if (text === undefined) return undefined
    const value = /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    throw badRequest(`${name}=${text}: expected an integer from ${min} to ${max}`)
  }

  flag(name: string): boolean {
    const text = this.#values.get(name)
    if (text === undefined || text === 'false') return false
    if (text === 'true' || text === '') return true
    throw badRequest(`${name}=${text}: expected true or false`)
  }

  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const text = this.#values.get(name)
    if (text === undefined) return undefined
    const found = choices.find((choice) => choice === text)
    if (found === undefined) throw badRequest(`${name}=${text}: expected ${choices.join(', ')}`)
    return found
  }

  /** Integers with commas between them. */
  integers(name: string): number[] | undefined {
    const text = this.#values.get(name)
    if (text === undefined) return undefined
    const values = text.split(',').map((part) => (/^\d{1,9}$/.test(part) ? Number(part) : -1))
    if (values.includes(-1)) throw badRequest(`${name}=${text}: expected numbers with commas between them`)
    return values
  }

  /** A moment in milliseconds: given as such, or as an ISO date. */
  timeMs(name: string): number | undefined {
    const text = this.#values.get(name)
    return text === undefined ? undefined : readTime(name, /^\d+$/.test(text) ? Number(text) : text)
  }
}

/** A moment as milliseconds or an ISO date. Throws 400 for anything else. */
export function readTime(name: string, given: unknown): number {
  const isDate = typeof given === 'string' && /^\d{4}-\d\d-\d\d(T|$)/.test(given) && isDay(given.slice(0, 10))
  const timeMs = isDate ? Date.parse(given) : given
  if (typeof timeMs === 'number' && Number.isSafeInteger(timeMs) && timeMs >= 0) return timeMs
  throw badRequest(`${name} ${JSON.stringify(given)}: expected milliseconds since 1970 or an ISO date`)
}

/** Whether there is such a day: Date.parse takes 2026-02-31 for the third of March. */
function isDay(text: string): boolean {
  const timeMs = Date.parse(text)
  return !Number.isNaN(timeMs) && new Date(timeMs).toISOString().startsWith(text)
}
