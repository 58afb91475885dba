import { CommandError } from '../command-error.ts'
import { readNumber } from './exact-integer.ts'
import { type Token, tokenize } from './tokenize.ts'

/** What an expression can ask a record for. */
export interface Subject {
  /** The value of a name such as `value.delay` or `key`; undefined when there is none. */
  get(path: readonly string[]): unknown
}

/** Whether a record is meant. Never throws: what cannot be compared does not match. */
export type Predicate = (subject: Subject) => boolean

type Evaluate = (subject: Subject) => unknown
type Comparison = (left: unknown, right: unknown) => boolean

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  '==': (left, right) => isSame(left, right),
  '!=': (left, right) => !isSame(left, right),
  '<': (left, right) => order(left, right) < 0,
  '<=': (left, right) => order(left, right) <= 0,
  '>': (left, right) => order(left, right) > 0,
  '>=': (left, right) => order(left, right) >= 0,
  contains: (left, right) => typeof left === 'string' && typeof right === 'string' && left.includes(right),
  startsWith: (left, right) =>
    typeof left === 'string' && typeof right === 'string' && left.startsWith(right),
  endsWith: (left, right) => typeof left === 'string' && typeof right === 'string' && left.endsWith(right),
}

/** Parentheses and `!` may be this deep: an expression is typed by a person. */
const MAX_DEPTH = 100

/**
 * Reads an expression such as `value.delay > 60 && (key == "SFO" || !value.cancelled)`.
 *
 *     or         := and ( "||" and )*
 *     and        := not ( "&&" not )*
 *     not        := "!" not | comparison
 *     comparison := term [ operator term ]
 *     operator   := "==" "!=" "<" "<=" ">" ">=" "contains" "startsWith" "endsWith"
 *     term       := number | string | "true" | "false" | "null" | path | "(" or ")"
 *     path       := name ( "." name | "[" number "]" | "[" string "]" )*
 *
 * It is read once and never evaluated as code. A term alone is true when it is neither undefined,
 * null, false, 0 nor empty text.
 */
export function parseExpression(text: string, names: readonly string[]): Predicate {
  const parser = new Parser(text, tokenize(text), names)
  const evaluate = parser.parse()
  return (subject) => isTruthy(evaluate(subject))
}

class Parser {
  readonly #text: string
  readonly #tokens: readonly Token[]
  readonly #names: readonly string[]
  #at = 0
  #depth = 0

  constructor(text: string, tokens: readonly Token[], names: readonly string[]) {
    this.#text = text
    this.#tokens = tokens
    this.#names = names
  }

  parse(): Evaluate {
    const evaluate = this.#or()
    const rest = this.#tokens[this.#at]
    if (rest !== undefined) throw this.#error(`"${rest.text}" was not expected`, rest)
    return evaluate
  }

  #or(): Evaluate {
    const parts = [this.#and()]
    while (this.#take('||')) parts.push(this.#and())
    return parts.length === 1
      ? (parts[0] as Evaluate)
      : (subject) => parts.some((part) => isTruthy(part(subject)))
  }

  #and(): Evaluate {
    const parts = [this.#not()]
    while (this.#take('&&')) parts.push(this.#not())
    return parts.length === 1
      ? (parts[0] as Evaluate)
      : (subject) => parts.every((part) => isTruthy(part(subject)))
  }

  #not(): Evaluate {
    if (!this.#take('!')) return this.#comparison()
    const inner = this.#deeper(() => this.#not())
    return (subject) => !isTruthy(inner(subject))
  }

  #comparison(): Evaluate {
    const left = this.#term()
    const token = this.#tokens[this.#at]
    const compare = token?.kind === 'operator' || token?.kind === 'name' ? COMPARISONS[token.text] : undefined
    if (compare === undefined) return left
    this.#at++
    const right = this.#term()
    return (subject) => compare(left(subject), right(subject))
  }

  #term(): Evaluate {
    const token = this.#tokens[this.#at]
    if (token === undefined) throw this.#error('something is missing at the end')
    this.#at++
    if (token.kind === 'value') return () => token.value
    if (token.kind === 'name') return this.#path(token)
    if (token.text !== '(') throw this.#error(`"${token.text}" was not expected`, token)
    const inner = this.#deeper(() => this.#or())
    if (!this.#take(')')) throw this.#error('a ")" is missing')
    return inner
  }

  #path(first: Token): Evaluate {
    if (!this.#names.includes(first.text)) {
      throw this.#error(`there is no "${first.text}"; there are ${this.#names.join(', ')}`, first)
    }
    const path = [first.text]
    for (;;) {
      if (this.#take('.')) path.push(this.#part('name'))
      else if (this.#take('[')) {
        path.push(this.#part('value'))
        if (!this.#take(']')) throw this.#error('a "]" is missing')
      } else return (subject) => subject.get(path)
    }
  }

  #part(kind: 'name' | 'value'): string {
    const token = this.#tokens[this.#at]
    if (token?.kind !== kind) throw this.#error('a field is missing', token)
    this.#at++
    return kind === 'name' ? token.text : String(token.value)
  }

  #deeper(read: () => Evaluate): Evaluate {
    if (++this.#depth > MAX_DEPTH) throw this.#error('it is nested too deeply')
    const inner = read()
    this.#depth--
    return inner
  }

  #take(text: string): boolean {
    const token = this.#tokens[this.#at]
    if (token?.kind !== 'operator' || token.text !== text) return false
    this.#at++
    return true
  }

  #error(reason: string, at?: Token): CommandError {
    const where = at === undefined ? '' : ` at character ${at.position + 1}`
    return new CommandError(`the expression "${this.#text}" cannot be read${where}: ${reason}`)
  }
}

function isTruthy(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && value !== 0 && value !== ''
}

/** Numbers and text are compared with their like; a number in text counts as a number beside one. */
function order(left: unknown, right: unknown): number {
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : left > right ? 1 : 0
  const [a, b] = [asNumber(left), asNumber(right)]
  if (a === null || b === null) return Number.NaN
  return a < b ? -1 : a > b ? 1 : 0
}

function isSame(left: unknown, right: unknown): boolean {
  if (left === right) return true
  if ((left ?? null) === null && (right ?? null) === null) return true
  if (typeof left === typeof right) return false
  const [a, b] = [asNumber(left), asNumber(right)]
  return a !== null && a === b
}

function asNumber(value: unknown): number | bigint | null {
  if (typeof value === 'number' || typeof value === 'bigint') return value
  if (typeof value !== 'string' || value.trim() === '') return null
  const number = readNumber(value.trim())
  return Number.isNaN(number) ? null : number
}
