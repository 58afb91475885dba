import { expect, it } from 'vitest'
import { serverMessage } from './server-message.ts'

it.each([
  [0, '8100'],
  [125, '817d'],
  [126, '817e007e'],
  [65_535, '817effff'],
  [65_536, '817f0000000000010000'],
])('a text of %i bytes begins with %s', (length, head) => {
  const payload = Buffer.alloc(length, 'x')
  expect(serverMessage(payload, 'text').equals(Buffer.concat([Buffer.from(head, 'hex'), payload]))).toBe(true)
})

it('a binary message says that it is one', () => {
  expect(serverMessage(Buffer.from([7]), 'binary').toString('hex')).toBe('820107')
})
