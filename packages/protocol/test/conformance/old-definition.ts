import { readFileSync } from 'node:fs'
import type { FlatField } from './flat-field.ts'

/** A field's place and type: the other source has names of its own. */
export type UnnamedField = Pick<FlatField, 'type' | 'isNullable'> & { readonly depth: number }

const LINE = /^( *)(\w+)(?:\((\d+)\))?(?:: (nullable-)?(\[?)([\w=>]+)\]?(?:\(.*?\))?)?(?: *\/\/ (.*))?$/

/**
 * One version of a message in franz-go's language, for versions that Kafka's own files no longer have:
 *
 *     Name: type        // v2+, v0-v3 or a tag
 *     Name: [=>]        fields of each element, indented
 */
export function readOldDefinition(path: string, message: string, version: number): UnnamedField[] {
  const lines = readFileSync(path, 'utf8').split('\n')
  const start = lines.findIndex((line) => line.startsWith(`${message} =>`))
  const fields: UnnamedField[] = []
  /** While set, deeper lines belong to a struct that this version lacks. */
  let absentDepth = Number.POSITIVE_INFINITY
  for (const line of lines.slice(start + 1)) {
    if (line.trim() === '') break
    if (line.trim().startsWith('//')) continue
    const match = LINE.exec(line)
    if (match === null) throw new Error(`cannot read '${line}' in ${path}`)
    const depth = (match[1] ?? '').length / 2
    if (depth > absentDepth) continue
    absentDepth = Number.POSITIVE_INFINITY
    if (hasVersion(match, version)) fields.push(toField(match, depth))
    else absentDepth = depth
  }
  return fields
}

function hasVersion(match: RegExpExecArray, version: number): boolean {
  const note = match[7] ?? ''
  if (note.startsWith('tag')) return false
  const range = /^v(\d+)(?:(\+)|-v(\d+))/.exec(note)
  // `ThrottleMillis(1)` carries the first version in which brokers apply the throttle themselves; its note is `v1+`.
  if (range === null) return true
  return version >= Number(range[1]) && (range[2] !== undefined || version <= Number(range[3]))
}

function toField(match: RegExpExecArray, depth: number): UnnamedField {
  const [, , name, , isNullable, bracket, word] = match
  const element = word === undefined ? impliedType(name ?? '') : word === '=>' ? 'struct' : word
  return { depth, type: bracket ? `[]${element}` : element, isNullable: isNullable !== undefined }
}

/** The two names that stand for themselves. */
function impliedType(name: string): string {
  if (name === 'ThrottleMillis' || name === 'TimeoutMillis') return 'int32'
  throw new Error(`no type for ${name}`)
}
