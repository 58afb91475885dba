import { ErrorCode } from '@millrace/protocol'
import { expect, it } from 'vitest'
import { resourceError } from './resource-error.ts'

it('names the resource, and says what the broker said', () => {
  const error = resourceError('topic "a"', ErrorCode.INVALID_CONFIG, 'cleanup.policy: unknown')
  expect(error).toMatchObject({ codeName: 'INVALID_CONFIG', message: 'topic "a": cleanup.policy: unknown' })
})

it('says what the code means when the answer has no words at all', () => {
  const { message } = resourceError('group "g" cannot commit a/0', ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  expect(message).toMatch(/^group "g" cannot commit a\/0: .*topic/)
})

it.each([null, ''])('says what the code means when the broker said %j', (told) => {
  const { message } = resourceError('ACL 1', ErrorCode.SECURITY_DISABLED, told)
  expect(message).toMatch(/^ACL 1: \w.{10,}/)
  expect(message).not.toContain('null')
})
