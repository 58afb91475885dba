import { expect, it } from 'vitest'
import { unknownRecordField } from './unknown-field.ts'

const isPartition = (name: string): boolean => name === 'partition'

it('finds the first field that no record has', () => {
  expect(unknownRecordField({ key: 'a', value: 'b', headers: [], timestampMs: 1 }, isPartition)).toBeNull()
  expect(unknownRecordField({ value: 'b', timestamp: 1, vaule: 2 }, isPartition)).toBe('timestamp')
})

it('knows those that a kind of record has besides, and what only reading gives', () => {
  expect(unknownRecordField({ value: 'b', partition: 1, offset: 2 }, isPartition)).toBeNull()
  expect(unknownRecordField({ value: 'b', partition: 1 }, () => false)).toBe('partition')
})

it('asks nothing of what is inherited', () => {
  expect(unknownRecordField(Object.create({ helper: 1 }) as object, isPartition)).toBeNull()
})
