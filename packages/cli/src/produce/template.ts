import { CommandError } from '../command-error.ts'

/** Text with fields in it: `{origin}-{leg.to}`. Braces that stand for themselves are doubled. */
export interface Template {
  readonly hasFields: boolean
  /** A field that is not there is empty. */
  fill(fields: object): string
}

/** Reads a template. Throws a CommandError that names the flag. */
export function parseTemplate(flag: string, text: string): Template {
  const parts: (string | readonly string[])[] = []
  const token = /\{\{|\}\}|\{([^{}]+)\}|[^{}]+|[{}]/gsu
  for (const [whole, field] of text.matchAll(token)) {
    if (field !== undefined) parts.push(field.trim().split('.'))
    else if (whole === '{{' || whole === '}}') parts.push(whole.charAt(0))
    else if (whole === '{' || whole === '}') {
      throw new CommandError(`${flag} ${text}: a brace without its other half; for a brace itself write two`)
    } else parts.push(whole)
  }
  return {
    hasFields: parts.some((part) => typeof part !== 'string'),
    fill: (fields) =>
      parts.map((part) => (typeof part === 'string' ? part : shown(fieldOf(fields, part)))).join(''),
  }
}

/** The field at a path, own fields only; undefined when there is none. */
export function fieldOf(fields: object, path: readonly string[]): unknown {
  let found: unknown = fields
  for (const part of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, part)) return undefined
    found = (found as Record<string, unknown>)[part]
  }
  return found
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}
