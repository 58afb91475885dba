import { fieldsOf, isPresent, type Shape, type TypeDescription } from '../../src/schema/wire-type.ts'

/** One field of one version of a message, in the form in which two sources are compared. */
export interface FlatField {
  /** Names from the message down, joined by dots. */
  readonly path: string
  /** Kafka's word for the type; `[]` in front of an array's element, `struct` for a group of fields. */
  readonly type: string
  readonly isNullable: boolean
  readonly tag: number | null
  /** What the field is where it is absent, as text. */
  readonly absent: string
}

/** Our declaration of a message in one version, in wire order. */
export function flattenShape(shape: Shape, version: number, parent = ''): FlatField[] {
  return fieldsOf(shape).flatMap(([name, field]): FlatField[] => {
    if (!isPresent(field, version)) return []
    const path = parent + name
    const { type } = field
    const flat: FlatField = {
      path,
      type: kafkaType(type),
      isNullable: version >= type.nullableSince,
      tag: field.tag,
      absent: absentText(type, field.absent),
    }
    const structShape = shapeWithin(type)
    return structShape === null ? [flat] : [flat, ...flattenShape(structShape, version, `${path}.`)]
  })
}

function kafkaType(type: TypeDescription): string {
  if (type.kind === 'array') return `[]${kafkaType(type.element)}`
  if (type.kind === 'boolean') return 'bool'
  if (type.kind === 'clampedInt64') return 'int64'
  return type.kind
}

function shapeWithin(type: TypeDescription): Shape | null {
  if (type.kind === 'array') return shapeWithin(type.element)
  return type.kind === 'struct' ? type.shape : null
}

function absentText(type: TypeDescription, absent: unknown): string {
  if (absent === undefined || (Array.isArray(absent) && absent.length === 0)) return zeroText(kafkaType(type))
  return absent === Number.MAX_SAFE_INTEGER ? 'the largest int64' : String(absent)
}

/** The zero of a type, under Kafka's name of the type. */
export function zeroText(kafkaType: string): string {
  if (kafkaType.startsWith('[]')) return 'empty'
  switch (kafkaType) {
    case 'bool':
      return 'false'
    case 'string':
      return ''
    case 'bytes':
    case 'records':
      return 'empty'
    case 'uuid':
      return 'zero uuid'
    case 'struct':
      return 'all defaults'
    default:
      return '0'
  }
}
