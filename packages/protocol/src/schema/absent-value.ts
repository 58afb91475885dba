import { type Field, fieldsOf, type TypeDescription } from './wire-type.ts'

/** Sixteen zero bytes: Kafka's "no id". */
export const ZERO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA'

/** Gives what a field is where it is absent. Arrays and structs are made anew each time: the receiver owns them. */
export function absentValue(field: Field<unknown, unknown>): () => unknown {
  const { absent } = field
  if (absent === undefined) return zeroValue(field.type)
  if (Array.isArray(absent)) return () => [...absent]
  return () => absent
}

/** Whether `value` is what the field is where it is absent; then a tagged field is not written. */
export function isAbsentValue(field: Field<unknown, unknown>, value: unknown): boolean {
  if (value === undefined) return true
  const { absent } = field
  return absent === undefined || Array.isArray(absent) ? isZero(field.type, value) : value === absent
}

function zeroValue(type: TypeDescription): () => unknown {
  switch (type.kind) {
    case 'array':
      return () => []
    case 'struct': {
      const fields = fieldsOf(type.shape).map(([name, field]) => ({ name, absent: absentValue(field) }))
      return () => Object.fromEntries(fields.map(({ name, absent }) => [name, absent()]))
    }
    case 'boolean':
      return () => false
    case 'string':
      return () => ''
    case 'uuid':
      return () => ZERO_UUID
    case 'bytes':
    case 'records':
      return () => Buffer.alloc(0)
    case 'int8':
    case 'int16':
    case 'uint16':
    case 'int32':
    case 'int64':
    case 'clampedInt64':
    case 'float64':
      return () => 0
  }
}

function isZero(type: TypeDescription, value: unknown): boolean {
  if (value === null) return false
  if (type.kind === 'array' || type.kind === 'bytes' || type.kind === 'records') {
    return (value as { length: number }).length === 0
  }
  if (type.kind !== 'struct') return value === zeroValue(type)()
  const record = value as Readonly<Record<string, unknown>>
  return fieldsOf(type.shape).every(([name, field]) => isAbsentValue(field, record[name]))
}
