import { readFileSync } from 'node:fs'
import { type FlatField, zeroText } from './flat-field.ts'

interface KafkaField {
  readonly name: string
  readonly type: string
  readonly versions: string
  readonly nullableVersions?: string
  readonly taggedVersions?: string
  readonly tag?: number
  readonly default?: string | number | boolean
  readonly fields?: readonly KafkaField[]
}

interface KafkaStruct {
  readonly name: string
  readonly fields: readonly KafkaField[]
}

/** One of Kafka's message files: JSON with `//` comments on lines of their own. */
export interface KafkaMessage {
  readonly apiKey?: number
  readonly validVersions: string
  readonly flexibleVersions: string
  readonly fields: readonly KafkaField[]
  readonly commonStructs?: readonly KafkaStruct[]
}

export function readKafkaMessage(path: string): KafkaMessage {
  return JSON.parse(readFileSync(path, 'utf8').replace(/^\s*\/\/.*$/gm, ''))
}

/** Kafka's notation: `3`, `3-5`, `3+` or `none`. */
export function parseVersions(text: string | undefined): [min: number, max: number] | null {
  const match = /^(\d+)(?:(\+)|-(\d+))?$/.exec(text ?? 'none')
  if (match === null) return null
  const min = Number(match[1])
  if (match[2] !== undefined) return [min, Number.POSITIVE_INFINITY]
  return [min, match[3] === undefined ? min : Number(match[3])]
}

export function includesVersion(text: string | undefined, version: number): boolean {
  const versions = parseVersions(text)
  return versions !== null && version >= versions[0] && version <= versions[1]
}

/** Kafka's definition of a message in one version, in wire order. */
export function flattenMessage(message: KafkaMessage, version: number): FlatField[] {
  const structs = new Map((message.commonStructs ?? []).map((each) => [each.name, each.fields]))
  const flatten = (fields: readonly KafkaField[], parent: string): FlatField[] =>
    fields.flatMap((field): FlatField[] => {
      if (!includesVersion(field.versions, version)) return []
      const path = `${parent}${field.name.charAt(0).toLowerCase()}${field.name.slice(1)}`
      const elementType = field.type.replace('[]', '')
      const inner = field.fields ?? structs.get(elementType)
      const type = inner === undefined ? field.type : field.type.replace(elementType, 'struct')
      const flat: FlatField = {
        path,
        type,
        isNullable: includesVersion(field.nullableVersions, version),
        tag: includesVersion(field.taggedVersions, version) ? (field.tag ?? null) : null,
        absent: absentText(field.default, type),
      }
      return inner === undefined ? [flat] : [flat, ...flatten(inner, `${path}.`)]
    })
  return flatten(message.fields, '')
}

function absentText(value: string | number | boolean | undefined, type: string): string {
  if (value === undefined) return zeroText(type)
  if (value === 'null' || type === 'string' || type === 'bool') return String(value)
  return String(value) === '9223372036854775807' ? 'the largest int64' : String(Number(value))
}
