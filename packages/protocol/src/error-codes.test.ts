import { expect, test } from 'vitest'
import { allErrors, ErrorCode, errorInfo } from './error-codes.ts'
import { KafkaError } from './kafka-error.ts'

test('the table has every code from -1 to 133 once', () => {
  expect(allErrors.map(({ code }) => code)).toEqual(Array.from({ length: 135 }, (_, index) => index - 1))
})

test('each error has a sentence of its own', () => {
  expect(new Set(allErrors.map(({ message }) => message)).size).toBe(allErrors.length)
  for (const { message } of allErrors) expect(message).toMatch(/^[A-Za-z].*\.$/)
})

test('retriable is what Kafka’s clients retry', () => {
  expect(errorInfo(ErrorCode.NOT_LEADER_OR_FOLLOWER).retriable).toBe(true)
  expect(errorInfo(ErrorCode.MESSAGE_TOO_LARGE).retriable).toBe(false)
})

test('a code of a newer peer is described as unknown', () => {
  expect(errorInfo(999)).toEqual({
    code: 999,
    name: 'UNKNOWN_999',
    retriable: false,
    message: 'Unknown error code 999.',
  })
})

test('a KafkaError carries code, name, sentence and cause', () => {
  const cause = new Error('disk')
  const error = new KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, undefined, { cause })
  expect(error).toMatchObject({ code: 56, codeName: 'KAFKA_STORAGE_ERROR', retriable: true, cause })
  expect(error.message).toBe("The partition's log is offline after a disk error.")
  expect(new KafkaError(3, 'no topic flights').message).toBe('no topic flights')
})
