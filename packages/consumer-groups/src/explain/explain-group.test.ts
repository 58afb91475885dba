import { expect, it } from 'vitest'
import { explainGroup } from './explain-group.ts'
import type { GroupFacts, PartitionFacts } from './group-facts.ts'
import { spokenDuration } from './words.ts'

const PLACE: PartitionFacts = {
  topic: 'orders',
  partition: 0,
  committed: 5,
  commitAgeMs: 1_000,
  owner: 'one',
  log: { begin: 0, end: 5, oldestUnreadAgeMs: null },
  failure: null,
}

const FACTS: GroupFacts = {
  group: 'billing',
  protocol: 'classic',
  state: 'Stable',
  stateAgeMs: 3_600_000,
  members: [
    {
      memberId: 'one',
      instanceId: null,
      clientId: 'app',
      clientHost: '/::1',
      assignedCount: 1,
      silentMs: 300,
    },
  ],
  holders: [],
  refusedInstances: [],
  missingTopics: [],
  unmatchedPatterns: [],
  subscribedPartitionCount: 1,
  partitions: [PLACE],
}

const codesOf = (facts: Partial<GroupFacts>): string[] =>
  explainGroup({ ...FACTS, ...facts }).map(({ code }) => code)

const waiting = (
  oldestUnreadAgeMs: number | null,
  place: Partial<PartitionFacts> = {},
): Partial<GroupFacts> => ({
  partitions: [{ ...PLACE, commitAgeMs: 3_600_000, log: { begin: 0, end: 9, oldestUnreadAgeMs }, ...place }],
})

it('takes a group that has read everything for healthy', () => {
  expect(codesOf({})).toEqual(['nothing-to-read'])
})

it('does not take records for read that nobody ever committed', () => {
  expect(codesOf(waiting(100, { committed: -1, commitAgeMs: null }))).toEqual(['reading'])
})

it('does not blame a commit of yesterday for a record that has just come', () => {
  expect(codesOf(waiting(2_000))).toEqual(['reading'])
  expect(codesOf(waiting(20_000))).toEqual(['commits-stand-still'])
})

it('does not take a group for stuck that commits while it works off records of yesterday', () => {
  expect(codesOf(waiting(86_400_000, { commitAgeMs: 1_000 }))).toEqual(['reading'])
  expect(codesOf(waiting(86_400_000, { commitAgeMs: 20_000 }))).toEqual(['commits-stand-still'])
})

it('does not blame a member that has just come for a commit of yesterday, or for none', () => {
  const oldRecords = waiting(86_400_000, { committed: -1, commitAgeMs: null })
  expect(codesOf({ ...oldRecords, stateAgeMs: 3_000 })).toEqual(['reading'])
  expect(codesOf({ ...waiting(86_400_000), stateAgeMs: 3_000 })).toEqual(['reading'])
  const [finding] = explainGroup({ ...FACTS, ...oldRecords, stateAgeMs: 20_000 })
  expect(finding?.text).toMatch(/has committed nothing of orders\/0 \(9 records behind\) for 20 seconds/)
})

it("does not take a group for stuck of which Kafka's APIs do not tell when it committed, and says so", () => {
  const fromApis = { ...waiting(86_400_000, { commitAgeMs: null }), stateAgeMs: null }
  const [finding] = explainGroup({ ...FACTS, ...fromApis })
  expect(finding?.code).toBe('reading')
  expect(finding?.text).toMatch(/do not tell when it last committed: if what it has committed does not move/)
})

it('takes a member that sends no heartbeats for silent, not for stuck', () => {
  const members = FACTS.members.map((member) => ({ ...member, silentMs: 20_000 }))
  const [finding, ...others] = explainGroup({ ...FACTS, ...waiting(3_600_000), members })
  expect(others).toEqual([])
  expect(finding?.code).toBe('member-silent')
  expect(finding?.text).toMatch(/was last heard of 20 seconds ago, and 4 records of its partitions wait/)
  expect(codesOf({ members })).toEqual(['nothing-to-read'])
})

it('tells how the others are when a member was turned away', () => {
  const refused = { instanceId: 'desk', refusedMemberId: 'two', holderMemberId: 'one', agoMs: 3_600_000 }
  expect(codesOf({ refusedInstances: [refused] })).toEqual(['instance-id-taken', 'nothing-to-read'])
})

it('names a member that has nothing to do although there are partitions enough', () => {
  const members = ['one', 'two'].map((memberId, index) => ({
    ...FACTS.members[0],
    memberId,
    assignedCount: 1 - index,
  })) as GroupFacts['members']
  const [finding] = explainGroup({ ...FACTS, members, subscribedPartitionCount: 2 })
  expect(finding?.text).toMatch(
    /^2 members share 2 partitions, but two has nothing to do: the others have all/,
  )
})

it('says nothing of a standstill when nobody could look at the records', () => {
  expect(codesOf(waiting(null))).toEqual(['reading'])
})

it('names a partition whose log is offline, with the reason, and does not call the group healthy', () => {
  const findings = explainGroup({ ...FACTS, partitions: [{ ...PLACE, log: null, failure: 'EIO: sync' }] })
  expect(findings.map(({ code }) => code)).toEqual(['partition-offline'])
  expect(findings[0]?.text).toMatch(/^orders\/0: the broker cannot read its log \(EIO: sync\)\./)
})

it('takes an offset at either end of the log for one that is in range', () => {
  const at = (committed: number): string[] =>
    codesOf({ partitions: [{ ...PLACE, committed, log: { begin: 3, end: 5, oldestUnreadAgeMs: null } }] })
  expect([2, 3, 5, 6].map((committed) => at(committed).includes('offset-out-of-range'))).toEqual([
    true,
    false,
    false,
    true,
  ])
})

it("says of a rebalance what Kafka's APIs tell, where nobody knows who holds it", () => {
  const [finding] = explainGroup({ ...FACTS, state: 'PreparingRebalance', holders: null })
  expect(finding?.code).toBe('rebalance-held')
  expect(finding?.text).toMatch(/do not tell which member .* --data/)
})

it.each([
  ['first-join', /was given the member id one and has not joined with it/],
  ['assign', /leads the group and has not made the assignment/],
  ['revoke', /was told to let go/],
  ['heartbeat', /has sent no heartbeat since partitions were given out anew.* for another 4 seconds/],
  ['return', /is a static member that went away to come back: its partitions wait for it/],
  ['company', /waits 4 seconds more for other members/],
] as const)('names who holds a rebalance: %s', (what, words) => {
  const holders = [{ memberId: 'one', what, leftMs: 4_000 }]
  expect(explainGroup({ ...FACTS, state: 'PreparingRebalance', holders })[0]?.text).toMatch(words)
})

it('names a pattern that matches nothing', () => {
  expect(codesOf({ unmatchedPatterns: ['a.*'] })).toEqual(['missing-topic'])
})

it('says durations in the largest unit of which there are two', () => {
  expect([7, 1_000, 119_000, 120_000, 7_199_999, 172_800_000].map(spokenDuration)).toEqual([
    '7 ms',
    '1 second',
    '119 seconds',
    '2 minutes',
    '119 minutes',
    '2 days',
  ])
})
