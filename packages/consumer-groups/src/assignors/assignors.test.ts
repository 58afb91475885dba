import { describe, expect, it } from 'vitest'
import { NO_PARTITIONS, type TopicPartitions } from '../consumer/topic-partitions.ts'
import { Prng } from '../testing/prng.ts'
import { ASSIGNORS, type AssignableMember, type Assignor } from './assignor.ts'

function member(
  memberId: string,
  topics: readonly string[],
  previous: TopicPartitions = NO_PARTITIONS,
): AssignableMember {
  return { memberId, instanceId: null, topicIds: new Set(topics), previous }
}

function assignor(name: string): Assignor {
  const found = ASSIGNORS.get(name)
  if (found === undefined) throw new Error(`no assignor ${name}`)
  return found
}

const uniform = assignor('uniform')
const range = assignor('range')

/** `a: topic 0 1` for reading. */
function shown(assignment: ReadonlyMap<string, TopicPartitions>): Record<string, Record<string, number[]>> {
  return Object.fromEntries(
    [...assignment].map(([memberId, topics]) => [
      memberId,
      Object.fromEntries(
        [...topics].map(([topicId, partitions]) => [topicId, [...partitions].sort((a, b) => a - b)]),
      ),
    ]),
  )
}

function loads(assignment: ReadonlyMap<string, TopicPartitions>): number[] {
  return [...assignment.values()].map((topics) =>
    [...topics.values()].reduce((sum, { size }) => sum + size, 0),
  )
}

describe('the range assignor', () => {
  it('gives contiguous ranges, one more to the first where it does not come out even', () => {
    const counts = new Map([
      ['one', 5],
      ['two', 5],
    ])
    const members = ['c', 'a', 'b'].map((id) => member(id, ['one', 'two']))
    expect(shown(range(members, counts))).toEqual({
      a: { one: [0, 1], two: [0, 1] },
      b: { one: [2, 3], two: [2, 3] },
      c: { one: [4], two: [4] },
    })
  })

  it('spreads a topic over its subscribers alone', () => {
    const counts = new Map([
      ['one', 4],
      ['two', 2],
    ])
    expect(shown(range([member('a', ['one', 'two']), member('b', ['one'])], counts))).toEqual({
      a: { one: [0, 1], two: [0, 1] },
      b: { one: [2, 3] },
    })
  })

  it('keeps a static member in its place when it comes back under another id', () => {
    const counts = new Map([['one', 2]])
    const fixed = (memberId: string) => ({ ...member(memberId, ['one']), instanceId: 'fixed' })
    const before = range([fixed('zzz'), member('a', ['one'])], counts)
    const after = range([fixed('aaa'), member('a', ['one'])], counts)
    expect(before.get('zzz')).toEqual(after.get('aaa'))
  })
})

describe('the uniform assignor', () => {
  it('moves no more than it has to when a member comes', () => {
    const counts = new Map([['one', 6]])
    const before = uniform([member('a', ['one']), member('b', ['one'])], counts)
    const members = ['a', 'b', 'c'].map((id) => member(id, ['one'], before.get(id)))
    const after = uniform(members, counts)
    expect(loads(after)).toEqual([2, 2, 2])
    for (const id of ['a', 'b'])
      for (const partition of after.get(id)?.get('one') ?? []) {
        expect(before.get(id)?.get('one')?.has(partition)).toBe(true)
      }
  })

  it('gives the partitions of a member that left to the others, and moves nothing else', () => {
    const counts = new Map([['one', 9]])
    const before = uniform(
      ['a', 'b', 'c'].map((id) => member(id, ['one'])),
      counts,
    )
    const after = uniform(
      ['a', 'c'].map((id) => member(id, ['one'], before.get(id))),
      counts,
    )
    expect(loads(after).sort()).toEqual([4, 5])
    for (const id of ['a', 'c'])
      for (const partition of before.get(id)?.get('one') ?? []) {
        expect(after.get(id)?.get('one')?.has(partition)).toBe(true)
      }
  })

  it('evens out what members get that subscribe to different topics', () => {
    const counts = new Map([
      ['wide', 6],
      ['narrow', 6],
    ])
    const after = uniform(
      [member('a', ['wide', 'narrow']), member('b', ['wide']), member('c', ['wide'])],
      counts,
    )
    expect(shown(after).a).toEqual({ narrow: [0, 1, 2, 3, 4, 5] })
    expect(loads(after)).toEqual([6, 3, 3])
  })

  it('takes back what it gave for a topic that shrank or is not subscribed to any more', () => {
    const previous: TopicPartitions = new Map([
      ['one', new Set([0, 7])],
      ['gone', new Set([0])],
    ])
    expect(shown(uniform([member('a', ['one'], previous)], new Map([['one', 2]])))).toEqual({
      a: { one: [0, 1] },
    })
  })
})

describe.each([...ASSIGNORS])('the %s assignor', (_name, assign) => {
  it('copes with nobody, with nothing, and with more members than partitions', () => {
    expect(assign([], new Map([['one', 3]])).size).toBe(0)
    expect(loads(assign([member('a', [])], new Map([['one', 3]])))).toEqual([0])
    expect(
      loads(
        assign(
          ['a', 'b', 'c'].map((id) => member(id, ['one'])),
          new Map([['one', 2]]),
        ),
      ).sort(),
    ).toEqual([0, 1, 1])
  })

  it('gives every partition to exactly one of its subscribers, whatever there was before', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const prng = new Prng(seed)
      const counts = new Map(
        Array.from({ length: prng.between(1, 5) }, (_, index) => [`t${index}`, prng.between(1, 20)]),
      )
      let members = randomMembers(prng, counts, new Map())
      for (let round = 0; round < 4; round++) {
        const assignment = assign(members, counts)
        checkAssignment(assignment, members, counts)
        expect(shown(assign(members.toReversed(), counts))).toEqual(shown(assignment))
        if (prng.chance(0.5)) counts.set('t0', (counts.get('t0') ?? 0) + prng.between(1, 5))
        members = randomMembers(prng, counts, assignment)
      }
    }
  })
})

it('the uniform assignor is as even as it can be when all subscribe to the same, under any history', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const prng = new Prng(seed)
    const counts = new Map([
      ['one', prng.between(1, 30)],
      ['two', prng.between(1, 30)],
    ])
    let assignment: ReadonlyMap<string, TopicPartitions> = new Map()
    for (let round = 0; round < 5; round++) {
      const members = Array.from({ length: prng.between(1, 9) }, () => `m${prng.between(0, 20)}`)
      const unique = [...new Set(members)].map((id) => member(id, ['one', 'two'], assignment.get(id)))
      assignment = uniform(unique, counts)
      checkAssignment(assignment, unique, counts)
      const sizes = loads(assignment)
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
    }
  }
})

it('the uniform assignor spreads 10,000 partitions over 1,000 members in a moment', () => {
  const counts = new Map(Array.from({ length: 10 }, (_, index) => [`t${index}`, 1_000]))
  const topics = [...counts.keys()]
  const mixed = Array.from({ length: 1_000 }, (_, index) =>
    member(`m${index}`, index % 2 === 0 ? topics : topics.slice(0, 5)),
  )
  const sizes = loads(uniform(mixed, counts))
  expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
}, 5_000)

function randomMembers(
  prng: Prng,
  counts: ReadonlyMap<string, number>,
  previous: ReadonlyMap<string, TopicPartitions>,
): AssignableMember[] {
  const ids = new Set(Array.from({ length: prng.between(1, 8) }, () => `m${prng.between(0, 12)}`))
  return [...ids].map((memberId) => {
    const topics = [...counts.keys()].filter(() => prng.chance(0.7))
    return {
      ...member(memberId, topics, previous.get(memberId)),
      instanceId: prng.chance(0.3) ? `i-${memberId}` : null,
    }
  })
}

function checkAssignment(
  assignment: ReadonlyMap<string, TopicPartitions>,
  members: readonly AssignableMember[],
  counts: ReadonlyMap<string, number>,
): void {
  expect(new Set(assignment.keys())).toEqual(new Set(members.map(({ memberId }) => memberId)))
  for (const [topicId, count] of counts) {
    const subscribers = members.filter(({ topicIds }) => topicIds.has(topicId))
    const owners = members.filter(({ memberId }) => (assignment.get(memberId)?.get(topicId)?.size ?? 0) > 0)
    for (const owner of owners) expect(subscribers).toContain(owner)
    const owned = owners.flatMap(({ memberId }) => [...(assignment.get(memberId)?.get(topicId) ?? [])])
    const everything = Array.from(
      { length: subscribers.length === 0 ? 0 : count },
      (_, partition) => partition,
    )
    expect(owned.sort((one, other) => one - other)).toEqual(everything)
  }
}
