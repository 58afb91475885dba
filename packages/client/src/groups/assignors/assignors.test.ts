import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TopicPartition } from '../../consumer/consumer-record.ts'
import type { Assignment, SubscribedMember } from './assignor.ts'
import { cooperativeStickyAssignor } from './cooperative-sticky-assignor.ts'
import { rangeAssignor } from './range-assignor.ts'

function member(
  memberId: string,
  topics: string[],
  owned: TopicPartition[] = [],
  generationId = 1,
): SubscribedMember {
  return { memberId, instanceId: null, topics, owned, generationId }
}

function shown(assignment: Assignment): Record<string, string> {
  return Object.fromEntries(
    [...assignment].map(([id, partitions]) => [
      id,
      partitions.map((at) => `${at.topic}${at.partition}`).join(' '),
    ]),
  )
}

function places(topic: string, ...partitions: number[]): TopicPartition[] {
  return partitions.map((partition) => ({ topic, partition }))
}

describe('range', () => {
  it('gives the first members one more, topic by topic', () => {
    const members = [member('b', ['t', 'u']), member('a', ['t', 'u'])]
    const counts = new Map([
      ['t', 3],
      ['u', 3],
    ])
    expect(shown(rangeAssignor.assign(members, counts))).toEqual({ a: 't0 t1 u0 u1', b: 't2 u2' })
  })

  it('leaves members without a partition when there are more of them', () => {
    expect(
      shown(rangeAssignor.assign([member('a', ['t']), member('b', ['t'])], new Map([['t', 1]]))),
    ).toEqual({
      a: 't0',
      b: '',
    })
  })

  it('knows topics that nobody has created as empty', () => {
    expect(shown(rangeAssignor.assign([member('a', ['t'])], new Map()))).toEqual({ a: '' })
  })

  it('keeps the place of a static member whatever its member id', () => {
    const first = { ...member('z-1', ['t']), instanceId: 'first' }
    const second = { ...member('a-2', ['t']), instanceId: 'second' }
    expect(shown(rangeAssignor.assign([second, first], new Map([['t', 2]])))).toEqual({
      'z-1': 't0',
      'a-2': 't1',
    })
  })
})

describe('cooperative-sticky', () => {
  const counts = new Map([['t', 4]])

  it('divides evenly when nobody owns anything', () => {
    const members = [member('a', ['t']), member('b', ['t'])]
    expect(shown(cooperativeStickyAssignor.assign(members, counts))).toEqual({ a: 't0 t2', b: 't1 t3' })
  })

  it('takes from the owner first, and gives to the new one in the next round', () => {
    const [a, b] = [member('a', ['t'], places('t', 0, 1, 2, 3)), member('b', ['t'], [], -1)]
    expect(shown(cooperativeStickyAssignor.assign([a, b], counts))).toEqual({ a: 't0 t1', b: '' })
    const then = [member('a', ['t'], places('t', 0, 1), 2), member('b', ['t'], [], 2)]
    expect(shown(cooperativeStickyAssignor.assign(then, counts))).toEqual({ a: 't0 t1', b: 't2 t3' })
  })

  it('ignores what a member claims from an older generation', () => {
    const late = member('a', ['t'], places('t', 0, 1, 2, 3), 1)
    const members = [late, member('b', ['t'], places('t', 0, 1), 2)]
    expect(shown(cooperativeStickyAssignor.assign(members, counts))).toEqual({ a: 't2 t3', b: 't0 t1' })
  })

  it('gives what two claim to neither by right', () => {
    const members = [member('a', ['t'], places('t', 0)), member('b', ['t'], places('t', 0))]
    const assignment = cooperativeStickyAssignor.assign(members, new Map([['t', 1]]))
    expect([...assignment.values()].flat()).toHaveLength(1)
  })

  it('takes away topics that a member does not want any more', () => {
    const members = [member('a', ['u'], places('t', 0, 1))]
    const two = new Map([
      ['t', 2],
      ['u', 1],
    ])
    expect(shown(cooperativeStickyAssignor.assign(members, two))).toEqual({ a: 'u0' })
  })
})

describe('any assignor', () => {
  const TOPICS = ['t', 'u', 'v']
  const world = fc.record({
    counts: fc.dictionary(fc.constantFrom(...TOPICS), fc.integer({ min: 0, max: 12 })),
    members: fc.array(fc.subarray(TOPICS), { minLength: 1, maxLength: 6 }),
    owned: fc.array(fc.tuple(fc.nat(5), fc.constantFrom(...TOPICS), fc.nat(11)), { maxLength: 30 }),
  })

  for (const assignor of [rangeAssignor, cooperativeStickyAssignor]) {
    it(`${assignor.name}: gives no partition twice, none to who does not want it, and all within two rounds`, () => {
      fc.assert(
        fc.property(world, ({ counts, members, owned }) => {
          const partitionCounts = new Map(Object.entries(counts))
          let group = members.map((topics, i) =>
            member(
              `m${i}`,
              topics,
              owned.filter(([who]) => who === i).map(([, topic, partition]) => ({ topic, partition })),
            ),
          )
          for (let round = 1; round <= 2; round++) {
            const assignment = assignor.assign(group, partitionCounts)
            const all = [...assignment.values()].flat().map((at) => `${at.topic}/${at.partition}`)
            expect(new Set(all).size).toBe(all.length)
            for (const { memberId, topics } of group) {
              for (const { topic, partition } of assignment.get(memberId) ?? []) {
                expect(topics).toContain(topic)
                expect(partition).toBeLessThan(partitionCounts.get(topic) ?? 0)
              }
            }
            group = group.map(({ memberId, topics }) =>
              member(memberId, [...topics], [...(assignment.get(memberId) ?? [])], round + 1),
            )
          }
          const wanted = [...partitionCounts].filter(([topic]) =>
            group.some(({ topics }) => topics.includes(topic)),
          )
          const total = wanted.reduce((sum, [, count]) => sum + count, 0)
          expect(group.reduce((sum, one) => sum + one.owned.length, 0)).toBe(total)
        }),
      )
    })
  }

  it('cooperative-sticky is even when all want the same, and then leaves everything where it is', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: 1, max: 8 }),
        fc.nat(7),
        (count, size, keep) => {
          const counts = new Map([['t', count]])
          const first = places('t', ...Array.from({ length: count }, (_, i) => i))
          let group = Array.from({ length: size }, (_, i) =>
            member(`m${i}`, ['t'], i === keep % size ? first : []),
          )
          for (let round = 2; round <= 3; round++) {
            const assignment = cooperativeStickyAssignor.assign(group, counts)
            group = group.map(({ memberId }) =>
              member(memberId, ['t'], [...(assignment.get(memberId) ?? [])], round),
            )
          }
          const sizes = group.map(({ owned }) => owned.length)
          expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
          const again = cooperativeStickyAssignor.assign(group, counts)
          for (const { memberId, owned } of group) expect(again.get(memberId)).toEqual(owned)
        },
      ),
    )
  })
})
