import { expect, it } from 'vitest'
import { ConsumerClient } from './testing/consumer-client.ts'
import { ShardHarness } from './testing/shard-harness.ts'

/** Generous: it takes tens of milliseconds. What is to be noticed is work for each pair of members. */
const CLASSIC_WITHIN_MS = 3_000
const CONSUMER_WITHIN_MS = 10_000

it('10,000 members of a classic group join in one generation', () => {
  const harness = new ShardHarness({ groupInitialRebalanceDelayMs: 3_000 })
  const startedMs = performance.now()
  const answers = Array.from({ length: 10_000 }, (_, index) => harness.join({ groupInstanceId: `${index}` }))
  // The delay is extended once for those who came while it ran.
  harness.advance(6_001)
  expect(new Set(answers.map(({ value }) => value.generationId))).toEqual(new Set([1]))
  expect(answers.filter(({ value }) => value.members.length > 0)).toHaveLength(1)
  expect(performance.now() - startedMs).toBeLessThan(CLASSIC_WITHIN_MS)
})

it('1,000 members of a KIP-848 group have their partitions after their second heartbeat', () => {
  const harness = new ShardHarness()
  harness.addTopic('topic', 1_000)
  const startedMs = performance.now()
  const members = Array.from({ length: 1_000 }, (_, index) => new ConsumerClient(harness, `member-${index}`))
  for (let round = 0; round < 3; round++) for (const member of members) member.beat()
  expect(members.flatMap(({ partitions }) => partitions).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: 1_000 }, (_, partition) => partition),
  )
  expect(performance.now() - startedMs).toBeLessThan(CONSUMER_WITHIN_MS)
})
