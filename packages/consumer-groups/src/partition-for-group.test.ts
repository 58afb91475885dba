import { expect, it } from 'vitest'
import { partitionForGroup } from './partition-for-group.ts'

it.each([
  // Java: Utils.abs(groupId.hashCode()) % 50
  ['', 0],
  ['a', 47],
  ['my-group', 12],
  ['console-consumer-41973', 35],
  ['grüppe', 12],
  ['😀', 49],
  // hashCode() is -2^31, which has no positive twin: Kafka takes it as 0.
  ['polygenelubricants', 0],
])('puts %j into the partition that Kafka puts it into', (groupId, partition) => {
  expect(partitionForGroup(groupId, 50)).toBe(partition)
})
