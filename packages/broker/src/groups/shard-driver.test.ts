import { setImmediate as nextTurn } from 'node:timers/promises'
import { partitionForGroup } from '@millrace/consumer-groups'
import { ErrorCode } from '@millrace/protocol'
import { describe, expect, it } from 'vitest'
import {
  type CoordinatorScene,
  commit,
  fetch,
  join,
  open,
  opened,
  origin,
  quiesce,
} from '../testing/coordinator-scene.ts'
import { ManualOffsetsLog } from '../testing/manual-offsets-log.ts'

/** They live in different partitions of 50. */
const APART = ['group', 'other'] as const

describe('a partition is loaded', () => {
  it('once, however many appends fail together', async () => {
    const scene = await opened()
    for (const offset of [1, 2, 3]) {
      commit(scene, offset)
      await quiesce(scene.clock)
    }
    expect(scene.log.appends).toHaveLength(3)
    scene.log.fail()
    await quiesce(scene.clock)
    expect(scene.log.loadCount).toBe(2)
    expect((await fetch(scene).promise).errorCode).toBe(ErrorCode.NONE)
  })

  it('with turns for others between its batches', async () => {
    const first = await opened()
    first.log.isPrompt = true
    for (let offset = 0; offset < 5_000; offset++) commit(first, offset)
    await first.clock.settle(first.groups.close())
    const scene = await open(first.log)
    // Promises alone do not end a turn of the broker's loop.
    await nextTurn()
    expect((await fetch(scene).promise).errorCode).toBe(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)
    await scene.clock.settle(scene.groups.loaded)
    expect((await fetch(scene).promise).topics[0]?.partitions[0]?.committedOffset).toBe(4_999)
  })

  it('and watches the sessions of the members that it finds', async () => {
    const first = await opened()
    first.log.isPrompt = true
    const joined = join(first)
    await quiesce(first.clock)
    const memberId = joined.value?.memberId ?? ''
    const member = { groupId: 'group', generationId: 1, memberId, groupInstanceId: null }
    const sync = { ...member, protocolType: 'consumer', protocolName: 'range', assignments: [] }
    await first.clock.settle(first.groups.syncGroup(origin, sync))
    await first.clock.settle(first.groups.close())

    const scene = await opened(first.log)
    scene.log.isPrompt = true
    expect((await scene.groups.heartbeat(origin, member)).errorCode).toBe(ErrorCode.NONE)
    const again = await opened(first.log)
    again.log.isPrompt = true
    await again.clock.advance(10_001)
    expect((await again.groups.heartbeat(origin, member)).errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
  })

  it('never again once the coordinator is closed', async () => {
    const log = new ManualOffsetsLog()
    log.loadError = new Error('EIO')
    const scene = await opened(log)
    await scene.clock.settle(scene.groups.close())
    await scene.clock.advance(120_000)
    expect(log.loadCount).toBe(1)
  })
})

describe('every partition hears of', () => {
  async function withCommitsApart(): Promise<CoordinatorScene> {
    const scene = await opened(new ManualOffsetsLog(50))
    scene.log.isPrompt = true
    expect(new Set(APART.map((groupId) => partitionForGroup(groupId, 50))).size).toBe(2)
    for (const groupId of APART) commit(scene, 7, { groupId })
    await quiesce(scene.clock)
    return scene
  }

  const committed = async (scene: CoordinatorScene): Promise<number[]> => {
    const answers = APART.map((groupId) => fetch(scene, groupId))
    await quiesce(scene.clock)
    return answers.map(({ value }) => value?.topics.length ?? -1)
  }

  it('the time at which offsets expire', async () => {
    const scene = await withCommitsApart()
    expect(await committed(scene)).toEqual([1, 1])
    await scene.clock.advance(8 * 86_400_000)
    scene.groups.expireOffsets()
    expect(await committed(scene)).toEqual([0, 0])
  })

  it('topics that are deleted', async () => {
    const scene = await withCommitsApart()
    scene.groups.topicsDeleted(['topic'])
    expect(await committed(scene)).toEqual([0, 0])
  })
})

it('gives member ids the form of a UUID of version 4 at their end', async () => {
  const scene = await opened()
  const joined = join(scene)
  await quiesce(scene.clock)
  expect(joined.value?.memberId).toMatch(
    /^client-[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/,
  )
})
