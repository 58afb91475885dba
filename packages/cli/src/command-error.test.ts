import { ClientError } from '@millrace/client'
import { KafkaError } from '@millrace/protocol'
import { expect, it } from 'vitest'
import { describeError } from './command-error.ts'

it('an error of the client is told with what to do', () => {
  expect(describeError(new ClientError('UNKNOWN_TOPIC', 'there is no topic "x"'))).toBe(
    'there is no topic "x": check the name, or create the topic',
  )
})

it('an error of the broker is told with its name in the protocol', () => {
  expect(describeError(new KafkaError(36, 'topic "x" exists'))).toBe(
    'topic "x" exists (TOPIC_ALREADY_EXISTS)',
  )
})

it('what was tried in vain is told by its last failure', () => {
  const cause = new ClientError('CONNECTION_FAILED', 'no broker')
  const error = new ClientError('TIMED_OUT', 'gave up', { cause })
  expect(describeError(error)).toBe('no broker: check the address and that the broker is running')
})

it('a connection that a command has lost for good is told with what it may have been', () => {
  const error = new ClientError('CONNECTION_LOST', 'lost the connection to a:1')
  expect(describeError(error)).toMatch(/^lost the connection to a:1: look into .*security\.protocol=SSL$/)
})

it('is one line, whatever was thrown', () => {
  expect(describeError(new Error('a\n  b\n'))).toBe('a b')
  expect(describeError('text\n')).toBe('text')
})
