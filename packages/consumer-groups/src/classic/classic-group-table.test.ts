/**
 * What a classic group answers to every request in every state, and where it goes. The table is typed without
 * Partial: a cell left out does not compile. The answers are Kafka's (GroupMetadataManager, ClassicGroup).
 */
import { ErrorCode } from '@millrace/protocol'
import { describe, expect, it } from 'vitest'
import type { RequestToken } from '../group-event.ts'
import { GROUP, joinAsNew, ShardHarness, stableGroup } from '../testing/shard-harness.ts'
import type { ClassicGroupState } from './classic-group-state.ts'

type Request =
  | 'join as new, v4 and later'
  | 'join as new, v3'
  | 'join with an unknown id'
  | 'rejoin of the leader, unchanged'
  | 'rejoin of a follower, unchanged'
  | 'rejoin of a follower, changed'
  | 'join with another protocol'
  | 'join with another protocol type'
  | 'join with too short a session'
  | 'sync of the leader'
  | 'sync of a follower'
  | 'sync of a stranger'
  | 'sync of another generation'
  | 'sync with another protocol'
  | 'heartbeat of a member'
  | 'heartbeat of a stranger'
  | 'heartbeat of another generation'
  | 'leave of a follower'
  | 'leave of a stranger'
  | 'commit of a member'
  | 'commit of a stranger'
  | 'commit of another generation'
  | 'commit without membership'
  | 'fetch of offsets'
  | 'delete'
  | 'session of a follower ends'

/** An error, or `parked` when the answer has to wait; then the state that the group is in. */
type Cell = readonly [answer: keyof typeof ErrorCode | 'parked', state: ClassicGroupState]

interface Scene {
  readonly harness: ShardHarness
  /** Ids that belong to the state, or to nobody where it has no members. */
  readonly leader: string
  readonly follower: string
  readonly generationId: number
}

const OTHER_METADATA = [{ name: 'range', metadata: Buffer.from('other') }]

const scenes: Readonly<Record<ClassicGroupState, () => Scene>> = {
  Dead: () => ({ harness: new ShardHarness(), leader: 'nobody', follower: 'no-one', generationId: 1 }),
  Empty: () => {
    const scene = scenes.Stable()
    for (const memberId of [scene.leader, scene.follower]) {
      scene.harness.leave([{ memberId, groupInstanceId: null }])
    }
    scene.harness.advance(60_000)
    return { ...scene, generationId: 2 }
  },
  PreparingRebalance: () => {
    const scene = scenes.Stable()
    scene.harness.join({ memberId: scene.follower, protocols: OTHER_METADATA })
    return scene
  },
  CompletingRebalance: () => {
    const harness = new ShardHarness()
    const answers = [joinAsNew(harness), joinAsNew(harness)]
    harness.advance(0)
    const [leader, follower] = answers.map(({ value }) => value.memberId)
    return { harness, leader: leader ?? '', follower: follower ?? '', generationId: 1 }
  },
  Stable: () => {
    const harness = new ShardHarness()
    const [leader, follower] = stableGroup(harness, 2)
    return { harness, leader: leader?.memberId ?? '', follower: follower?.memberId ?? '', generationId: 1 }
  },
}

type Answered = { readonly token: RequestToken } | number

const requests: Readonly<Record<Request, (scene: Scene) => Answered>> = {
  'join as new, v4 and later': ({ harness }) => harness.join(),
  'join as new, v3': ({ harness }) => harness.join({}, { apiVersion: 3 }),
  'join with an unknown id': ({ harness }) => harness.join({ memberId: 'stranger' }),
  'rejoin of the leader, unchanged': ({ harness, leader }) => harness.join({ memberId: leader }),
  'rejoin of a follower, unchanged': ({ harness, follower }) => harness.join({ memberId: follower }),
  'rejoin of a follower, changed': ({ harness, follower }) =>
    harness.join({ memberId: follower, protocols: OTHER_METADATA }),
  'join with another protocol': ({ harness }) =>
    harness.join({ protocols: [{ name: 'other', metadata: Buffer.alloc(0) }] }, { apiVersion: 3 }),
  'join with another protocol type': ({ harness }) =>
    harness.join({ protocolType: 'connect' }, { apiVersion: 3 }),
  'join with too short a session': ({ harness }) => harness.join({ sessionTimeoutMs: 5_999 }),
  'sync of the leader': ({ generationId, harness, leader }) =>
    harness.sync({ generationId, memberId: leader }),
  'sync of a follower': ({ generationId, harness, follower }) =>
    harness.sync({ generationId, memberId: follower }),
  'sync of a stranger': ({ generationId, harness }) => harness.sync({ generationId, memberId: 'stranger' }),
  'sync of another generation': ({ generationId, harness, leader }) =>
    harness.sync({ generationId: generationId - 1, memberId: leader }),
  'sync with another protocol': ({ generationId, harness, leader }) =>
    harness.sync({ generationId, memberId: leader, protocolName: 'other' }),
  'heartbeat of a member': ({ generationId, harness, follower }) =>
    harness.heartbeat({ generationId, memberId: follower }),
  'heartbeat of a stranger': ({ generationId, harness }) =>
    harness.heartbeat({ generationId, memberId: 'stranger' }),
  'heartbeat of another generation': ({ generationId, harness, follower }) =>
    harness.heartbeat({ generationId: generationId + 1, memberId: follower }),
  'leave of a follower': ({ harness, follower }) =>
    harness.leave([{ memberId: follower, groupInstanceId: null }]),
  'leave of a stranger': ({ harness }) => harness.leave([{ memberId: 'stranger', groupInstanceId: null }]),
  'commit of a member': ({ generationId, harness, follower }) =>
    harness.commit({ generationIdOrMemberEpoch: generationId, memberId: follower }),
  'commit of a stranger': ({ generationId, harness }) =>
    harness.commit({ generationIdOrMemberEpoch: generationId, memberId: 'stranger' }),
  'commit of another generation': ({ generationId, harness, follower }) =>
    harness.commit({ generationIdOrMemberEpoch: generationId + 1, memberId: follower }),
  'commit without membership': ({ harness }) => harness.commit(),
  'fetch of offsets': ({ harness }) =>
    harness.fetch([{ name: 'topic', partitionIndexes: [0] }]).errorCode ?? 0,
  delete: ({ harness }) => harness.deleteGroup(),
  'session of a follower ends': ({ generationId, harness, leader }) => {
    harness.advance(9_000)
    harness.heartbeat({ generationId, memberId: leader })
    harness.advance(2_000)
    return ErrorCode.NONE
  },
}

const table: Readonly<Record<ClassicGroupState, Readonly<Record<Request, Cell>>>> = {
  Dead: {
    'join as new, v4 and later': ['MEMBER_ID_REQUIRED', 'Empty'],
    'join as new, v3': ['parked', 'PreparingRebalance'],
    'join with an unknown id': ['UNKNOWN_MEMBER_ID', 'Dead'],
    'rejoin of the leader, unchanged': ['UNKNOWN_MEMBER_ID', 'Dead'],
    'rejoin of a follower, unchanged': ['UNKNOWN_MEMBER_ID', 'Dead'],
    'rejoin of a follower, changed': ['UNKNOWN_MEMBER_ID', 'Dead'],
    'join with another protocol': ['parked', 'PreparingRebalance'],
    'join with another protocol type': ['parked', 'PreparingRebalance'],
    'join with too short a session': ['INVALID_SESSION_TIMEOUT', 'Dead'],
    'sync of the leader': ['UNKNOWN_MEMBER_ID', 'Dead'],
    'sync of a follower': ['UNKNOWN_MEMBER_ID', 'Dead'],
    'sync of a stranger': ['UNKNOWN_MEMBER_ID', 'Dead'],
    'sync of another generation': ['UNKNOWN_MEMBER_ID', 'Dead'],
    'sync with another protocol': ['UNKNOWN_MEMBER_ID', 'Dead'],
    'heartbeat of a member': ['UNKNOWN_MEMBER_ID', 'Dead'],
    'heartbeat of a stranger': ['UNKNOWN_MEMBER_ID', 'Dead'],
    'heartbeat of another generation': ['UNKNOWN_MEMBER_ID', 'Dead'],
    'leave of a follower': ['UNKNOWN_MEMBER_ID', 'Dead'],
    'leave of a stranger': ['UNKNOWN_MEMBER_ID', 'Dead'],
    'commit of a member': ['GROUP_ID_NOT_FOUND', 'Dead'],
    'commit of a stranger': ['GROUP_ID_NOT_FOUND', 'Dead'],
    'commit of another generation': ['GROUP_ID_NOT_FOUND', 'Dead'],
    'commit without membership': ['NONE', 'Empty'],
    'fetch of offsets': ['NONE', 'Dead'],
    delete: ['GROUP_ID_NOT_FOUND', 'Dead'],
    'session of a follower ends': ['NONE', 'Dead'],
  },
  Empty: {
    'join as new, v4 and later': ['MEMBER_ID_REQUIRED', 'Empty'],
    'join as new, v3': ['parked', 'PreparingRebalance'],
    'join with an unknown id': ['UNKNOWN_MEMBER_ID', 'Empty'],
    'rejoin of the leader, unchanged': ['UNKNOWN_MEMBER_ID', 'Empty'],
    'rejoin of a follower, unchanged': ['UNKNOWN_MEMBER_ID', 'Empty'],
    'rejoin of a follower, changed': ['UNKNOWN_MEMBER_ID', 'Empty'],
    'join with another protocol': ['parked', 'PreparingRebalance'],
    'join with another protocol type': ['parked', 'PreparingRebalance'],
    'join with too short a session': ['INVALID_SESSION_TIMEOUT', 'Empty'],
    'sync of the leader': ['UNKNOWN_MEMBER_ID', 'Empty'],
    'sync of a follower': ['UNKNOWN_MEMBER_ID', 'Empty'],
    'sync of a stranger': ['UNKNOWN_MEMBER_ID', 'Empty'],
    'sync of another generation': ['UNKNOWN_MEMBER_ID', 'Empty'],
    'sync with another protocol': ['UNKNOWN_MEMBER_ID', 'Empty'],
    'heartbeat of a member': ['UNKNOWN_MEMBER_ID', 'Empty'],
    'heartbeat of a stranger': ['UNKNOWN_MEMBER_ID', 'Empty'],
    'heartbeat of another generation': ['UNKNOWN_MEMBER_ID', 'Empty'],
    'leave of a follower': ['UNKNOWN_MEMBER_ID', 'Empty'],
    'leave of a stranger': ['UNKNOWN_MEMBER_ID', 'Empty'],
    'commit of a member': ['UNKNOWN_MEMBER_ID', 'Empty'],
    'commit of a stranger': ['UNKNOWN_MEMBER_ID', 'Empty'],
    'commit of another generation': ['UNKNOWN_MEMBER_ID', 'Empty'],
    'commit without membership': ['NONE', 'Empty'],
    'fetch of offsets': ['NONE', 'Empty'],
    delete: ['NONE', 'Dead'],
    'session of a follower ends': ['NONE', 'Empty'],
  },
  PreparingRebalance: {
    'join as new, v4 and later': ['MEMBER_ID_REQUIRED', 'PreparingRebalance'],
    'join as new, v3': ['parked', 'PreparingRebalance'],
    'join with an unknown id': ['UNKNOWN_MEMBER_ID', 'PreparingRebalance'],
    'rejoin of the leader, unchanged': ['NONE', 'CompletingRebalance'],
    'rejoin of a follower, unchanged': ['parked', 'PreparingRebalance'],
    'rejoin of a follower, changed': ['parked', 'PreparingRebalance'],
    'join with another protocol': ['INCONSISTENT_GROUP_PROTOCOL', 'PreparingRebalance'],
    'join with another protocol type': ['INCONSISTENT_GROUP_PROTOCOL', 'PreparingRebalance'],
    'join with too short a session': ['INVALID_SESSION_TIMEOUT', 'PreparingRebalance'],
    'sync of the leader': ['REBALANCE_IN_PROGRESS', 'PreparingRebalance'],
    'sync of a follower': ['REBALANCE_IN_PROGRESS', 'PreparingRebalance'],
    'sync of a stranger': ['UNKNOWN_MEMBER_ID', 'PreparingRebalance'],
    'sync of another generation': ['ILLEGAL_GENERATION', 'PreparingRebalance'],
    'sync with another protocol': ['INCONSISTENT_GROUP_PROTOCOL', 'PreparingRebalance'],
    'heartbeat of a member': ['REBALANCE_IN_PROGRESS', 'PreparingRebalance'],
    'heartbeat of a stranger': ['UNKNOWN_MEMBER_ID', 'PreparingRebalance'],
    'heartbeat of another generation': ['ILLEGAL_GENERATION', 'PreparingRebalance'],
    'leave of a follower': ['NONE', 'PreparingRebalance'],
    'leave of a stranger': ['UNKNOWN_MEMBER_ID', 'PreparingRebalance'],
    'commit of a member': ['NONE', 'PreparingRebalance'],
    'commit of a stranger': ['UNKNOWN_MEMBER_ID', 'PreparingRebalance'],
    'commit of another generation': ['ILLEGAL_GENERATION', 'PreparingRebalance'],
    'commit without membership': ['UNKNOWN_MEMBER_ID', 'PreparingRebalance'],
    'fetch of offsets': ['NONE', 'PreparingRebalance'],
    delete: ['NON_EMPTY_GROUP', 'PreparingRebalance'],
    // It is parked, so nothing can be heard of it: it keeps its place.
    'session of a follower ends': ['NONE', 'PreparingRebalance'],
  },
  CompletingRebalance: {
    'join as new, v4 and later': ['MEMBER_ID_REQUIRED', 'CompletingRebalance'],
    'join as new, v3': ['parked', 'PreparingRebalance'],
    'join with an unknown id': ['UNKNOWN_MEMBER_ID', 'CompletingRebalance'],
    'rejoin of the leader, unchanged': ['NONE', 'CompletingRebalance'],
    'rejoin of a follower, unchanged': ['NONE', 'CompletingRebalance'],
    'rejoin of a follower, changed': ['parked', 'PreparingRebalance'],
    'join with another protocol': ['INCONSISTENT_GROUP_PROTOCOL', 'CompletingRebalance'],
    'join with another protocol type': ['INCONSISTENT_GROUP_PROTOCOL', 'CompletingRebalance'],
    'join with too short a session': ['INVALID_SESSION_TIMEOUT', 'CompletingRebalance'],
    'sync of the leader': ['NONE', 'Stable'],
    'sync of a follower': ['parked', 'CompletingRebalance'],
    'sync of a stranger': ['UNKNOWN_MEMBER_ID', 'CompletingRebalance'],
    'sync of another generation': ['ILLEGAL_GENERATION', 'CompletingRebalance'],
    'sync with another protocol': ['INCONSISTENT_GROUP_PROTOCOL', 'CompletingRebalance'],
    'heartbeat of a member': ['NONE', 'CompletingRebalance'],
    'heartbeat of a stranger': ['UNKNOWN_MEMBER_ID', 'CompletingRebalance'],
    'heartbeat of another generation': ['ILLEGAL_GENERATION', 'CompletingRebalance'],
    'leave of a follower': ['NONE', 'PreparingRebalance'],
    'leave of a stranger': ['UNKNOWN_MEMBER_ID', 'CompletingRebalance'],
    'commit of a member': ['REBALANCE_IN_PROGRESS', 'CompletingRebalance'],
    'commit of a stranger': ['UNKNOWN_MEMBER_ID', 'CompletingRebalance'],
    'commit of another generation': ['ILLEGAL_GENERATION', 'CompletingRebalance'],
    'commit without membership': ['UNKNOWN_MEMBER_ID', 'CompletingRebalance'],
    'fetch of offsets': ['NONE', 'CompletingRebalance'],
    delete: ['NON_EMPTY_GROUP', 'CompletingRebalance'],
    'session of a follower ends': ['NONE', 'PreparingRebalance'],
  },
  Stable: {
    'join as new, v4 and later': ['MEMBER_ID_REQUIRED', 'Stable'],
    'join as new, v3': ['parked', 'PreparingRebalance'],
    'join with an unknown id': ['UNKNOWN_MEMBER_ID', 'Stable'],
    'rejoin of the leader, unchanged': ['parked', 'PreparingRebalance'],
    'rejoin of a follower, unchanged': ['NONE', 'Stable'],
    'rejoin of a follower, changed': ['parked', 'PreparingRebalance'],
    'join with another protocol': ['INCONSISTENT_GROUP_PROTOCOL', 'Stable'],
    'join with another protocol type': ['INCONSISTENT_GROUP_PROTOCOL', 'Stable'],
    'join with too short a session': ['INVALID_SESSION_TIMEOUT', 'Stable'],
    'sync of the leader': ['NONE', 'Stable'],
    'sync of a follower': ['NONE', 'Stable'],
    'sync of a stranger': ['UNKNOWN_MEMBER_ID', 'Stable'],
    'sync of another generation': ['ILLEGAL_GENERATION', 'Stable'],
    'sync with another protocol': ['INCONSISTENT_GROUP_PROTOCOL', 'Stable'],
    'heartbeat of a member': ['NONE', 'Stable'],
    'heartbeat of a stranger': ['UNKNOWN_MEMBER_ID', 'Stable'],
    'heartbeat of another generation': ['ILLEGAL_GENERATION', 'Stable'],
    'leave of a follower': ['NONE', 'PreparingRebalance'],
    'leave of a stranger': ['UNKNOWN_MEMBER_ID', 'Stable'],
    'commit of a member': ['NONE', 'Stable'],
    'commit of a stranger': ['UNKNOWN_MEMBER_ID', 'Stable'],
    'commit of another generation': ['ILLEGAL_GENERATION', 'Stable'],
    'commit without membership': ['UNKNOWN_MEMBER_ID', 'Stable'],
    'fetch of offsets': ['NONE', 'Stable'],
    delete: ['NON_EMPTY_GROUP', 'Stable'],
    'session of a follower ends': ['NONE', 'PreparingRebalance'],
  },
}

describe.each(Object.entries(table))('a group that is %s', (state, cells) => {
  it.each(Object.entries(cells))('answers %s', (request, [answer, after]) => {
    const scene = scenes[state as ClassicGroupState]()
    expect(scene.harness.state).toBe(state)
    const answered = requests[request as Request](scene)
    expect([answerName(scene.harness, answered), stateOf(scene.harness)]).toEqual([answer, after])
  })
})

function stateOf(harness: ShardHarness): string {
  return harness.shard.groups.get(GROUP)?.state ?? 'Dead'
}

function answerName(harness: ShardHarness, answered: Answered): string {
  if (typeof answered === 'number') return nameOf(answered)
  const effect = harness.replies.get(answered.token)
  return effect === undefined ? 'parked' : nameOf(errorIn(effect.reply))
}

function errorIn(reply: unknown): number {
  const {
    errorCode = 0,
    members,
    topics,
  } = reply as {
    errorCode?: number
    members?: readonly { errorCode?: number }[]
    topics?: readonly { partitions: readonly { errorCode: number }[] }[]
  }
  return errorCode || (members?.[0]?.errorCode ?? topics?.[0]?.partitions[0]?.errorCode ?? 0)
}

function nameOf(errorCode: number): string {
  return Object.entries(ErrorCode).find(([, code]) => code === errorCode)?.[0] ?? `code ${errorCode}`
}
