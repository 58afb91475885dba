import { expect, test } from 'vitest'
import { WireError } from '../wire/wire-error.ts'
import { consumerProtocolAssignment, consumerProtocolSubscription } from './consumer-protocol.ts'

test('a version newer than ours is read as our newest', () => {
  const bytes = Buffer.concat([
    consumerProtocolSubscription.encode(3, { topics: ['a'], generationId: 4, rackId: 'r' }),
    Buffer.from('later'),
  ])
  bytes.writeInt16BE(9)
  expect(consumerProtocolSubscription.decode(bytes)).toEqual({
    version: 9,
    topics: ['a'],
    userData: null,
    ownedPartitions: [],
    generationId: 4,
    rackId: 'r',
  })
})

test('what cannot be read is refused', () => {
  expect(() => consumerProtocolSubscription.decode(Buffer.from('ffff', 'hex'))).toThrow(WireError)
  expect(() => consumerProtocolSubscription.decode(Buffer.alloc(0))).toThrow(WireError)
  expect(() => consumerProtocolAssignment.decode(Buffer.from('00007fffffff', 'hex'))).toThrow(WireError)
})
