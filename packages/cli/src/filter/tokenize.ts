import { CommandError } from '../command-error.ts'
import { readNumber } from './exact-integer.ts'

/** One piece of an expression. `value` is set for literals. */
export interface Token {
  readonly kind: 'operator' | 'name' | 'value'
  readonly text: string
  readonly value: unknown
  /** In characters from the beginning of the expression. */
  readonly position: number
}

const LITERALS: Readonly<Record<string, unknown>> = { true: true, false: false, null: null }
const TOKEN =
  /\s*(?:(?<operator>&&|\|\||==|!=|<=|>=|[<>!().[\]])|(?<number>-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)|(?<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?<name>[A-Za-z_$][\w$-]*))/suy

/** Takes an expression apart. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  const pattern = new RegExp(TOKEN)
  while (text.slice(pattern.lastIndex).trim() !== '') {
    const start = pattern.lastIndex
    const groups = pattern.exec(text)?.groups
    if (groups === undefined) {
      const rest = text.slice(start).trimStart()
      throw new CommandError(
        `the expression "${text}" cannot be read: "${rest.slice(0, 10)}" means nothing here`,
      )
    }
    tokens.push(toToken(groups, pattern.lastIndex))
  }
  return tokens
}

function toToken(groups: Readonly<Record<string, string | undefined>>, end: number): Token {
  const { operator, number, text, name } = groups
  const written = operator ?? number ?? text ?? name ?? ''
  const position = end - written.length
  if (operator !== undefined) return { kind: 'operator', text: operator, value: null, position }
  if (number !== undefined) return { kind: 'value', text: number, value: readNumber(number), position }
  if (text !== undefined) return { kind: 'value', text, value: unquote(text), position }
  if (name !== undefined && Object.hasOwn(LITERALS, name)) {
    return { kind: 'value', text: name, value: LITERALS[name], position }
  }
  return { kind: 'name', text: written, value: null, position }
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '0': '\0' }

function unquote(quoted: string): string {
  return quoted.slice(1, -1).replaceAll(/\\(.)/gsu, (_whole, escaped: string) => ESCAPES[escaped] ?? escaped)
}
