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

describe('a reply', () => {
  it('leaves only when what was committed is durable', async () => {
    const scene = await opened()
    const committed = commit(scene, 1)
    await quiesce(scene.clock)
    expect(committed.value).toBeUndefined()
    scene.log.succeed()
    await quiesce(scene.clock)
    expect(committed.value).toBe(ErrorCode.NONE)
  })

  it('to a reader waits for the commit that it shows', async () => {
    const scene = await opened()
    commit(scene, 1)
    const fetched = fetch(scene)
    await quiesce(scene.clock)
    expect(fetched.value).toBeUndefined()
    scene.log.succeed()
    await quiesce(scene.clock)
    expect(fetched.value?.topics[0]?.partitions[0]?.committedOffset).toBe(1)
  })

  it('that nothing has to become durable for leaves at once', async () => {
    const scene = await opened()
    expect((await fetch(scene).promise).topics).toEqual([])
  })

  it('of another group waits for nobody else’s records when it lives in another partition', async () => {
    const scene = await opened(new ManualOffsetsLog(50))
    expect(partitionForGroup('group', 50)).not.toBe(partitionForGroup('other', 50))
    commit(scene, 1)
    const other = fetch(scene, 'other')
    await quiesce(scene.clock)
    expect(other.value?.topics).toEqual([])
  })
})

describe('commits', () => {
  it('that arrive in one turn share one append', async () => {
    const scene = await opened()
    const answers = Array.from({ length: 50 }, (_, index) =>
      commit(scene, index, { groupId: `group-${index}` }),
    )
    await quiesce(scene.clock)
    expect(scene.log.appends.map(({ records }) => records.length)).toEqual([50])
    scene.log.succeed()
    await quiesce(scene.clock)
    expect(answers.every(({ value }) => value === ErrorCode.NONE)).toBe(true)
  })

  it('that arrive while an append is on its way do not wait for it, and are answered in order', async () => {
    const scene = await opened()
    const first = commit(scene, 1)
    await quiesce(scene.clock)
    const later = [commit(scene, 2), commit(scene, 3)]
    await quiesce(scene.clock)
    expect(scene.log.appends.map(({ records }) => records.length)).toEqual([1, 2])
    scene.log.succeed()
    await quiesce(scene.clock)
    expect([first, ...later].map(({ value }) => value)).toEqual([ErrorCode.NONE, undefined, undefined])
    scene.log.succeed()
    await quiesce(scene.clock)
    expect(later.map(({ value }) => value)).toEqual([ErrorCode.NONE, ErrorCode.NONE])
  })

  it('are spread over several batches when they do not fit into one, each request whole', async () => {
    const scene = await opened(new ManualOffsetsLog(), {
      maxPersistedBytes: 1_000,
      maxMemberMetadataBytes: 500,
    })
    for (let index = 0; index < 20; index++)
      commit(scene, index, { partition: index, metadata: 'x'.repeat(100) })
    const sizes: number[] = []
    for (let drained = false; !drained; ) {
      await quiesce(scene.clock)
      sizes.push(scene.log.appends[0]?.records.length ?? 0)
      drained = scene.log.appends.length === 0
      if (!drained) scene.log.succeed()
    }
    expect(sizes.reduce((sum, size) => sum + size)).toBe(20)
    expect(Math.max(...sizes)).toBeLessThan(10)
    expect(sizes.length).toBeGreaterThan(3)
  })
})

describe('when an append fails', () => {
  it('nobody is told that a commit is durable, and the next one starts from what the log holds', async () => {
    const scene = await opened()
    commit(scene, 1)
    await quiesce(scene.clock)
    scene.log.succeed()
    const failed = commit(scene, 2)
    const shown = fetch(scene)
    await quiesce(scene.clock)
    scene.log.fail()
    await quiesce(scene.clock)
    expect(failed.value).toBe(ErrorCode.NOT_COORDINATOR)
    expect(shown.value?.errorCode).toBe(ErrorCode.NOT_COORDINATOR)
    expect((await fetch(scene).promise).topics[0]?.partitions[0]?.committedOffset).toBe(1)
  })

  it('members that wait in a rebalance are told as well, and no timer of the dropped shard is left', async () => {
    const scene = await opened()
    const joined = join(scene)
    await quiesce(scene.clock)
    const memberId = joined.value?.memberId ?? ''
    const again = join(scene, memberId)
    const parked = join(scene)
    commit(scene, 1, { groupId: 'other' })
    await quiesce(scene.clock)
    scene.log.fail()
    await quiesce(scene.clock)
    expect([again.value?.errorCode, parked.value?.errorCode]).toContain(ErrorCode.NOT_COORDINATOR)
    expect(await scene.clock.step()).toBe(false)
    expect((await join(scene, memberId).promise).errorCode).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
  })

  it('the partition is read again only when nothing is on its way to it any more', async () => {
    const scene = await opened()
    commit(scene, 1)
    await quiesce(scene.clock)
    const behind = commit(scene, 2)
    await quiesce(scene.clock)
    scene.log.failOldest()
    await quiesce(scene.clock)
    expect(behind.value).toBe(ErrorCode.NOT_COORDINATOR)
    expect(scene.log.loadCount).toBe(1)
    scene.log.succeed()
    await quiesce(scene.clock)
    expect((await fetch(scene).promise).topics[0]?.partitions[0]?.committedOffset).toBe(2)
  })

  it('what was queued behind it is not appended to what may be another history', async () => {
    const scene = await opened()
    commit(scene, 1)
    await quiesce(scene.clock)
    const behind = commit(scene, 2)
    scene.log.fail()
    await quiesce(scene.clock)
    expect(behind.value).toBe(ErrorCode.NOT_COORDINATOR)
    commit(scene, 3)
    await quiesce(scene.clock)
    expect(scene.log.appends.map(({ records }) => records.length)).toEqual([1])
  })
})

describe('while a partition is loading', () => {
  async function loading(): Promise<CoordinatorScene & { finish: () => void }> {
    const gate = Promise.withResolvers<void>()
    const log = new ManualOffsetsLog()
    log.loadGate = gate.promise
    const scene = await open(log)
    await quiesce(scene.clock)
    return { ...scene, finish: gate.resolve }
  }

  it('its groups are answered COORDINATOR_LOAD_IN_PROGRESS', async () => {
    const scene = await loading()
    const LOADING = ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
    expect(await commit(scene, 1).promise).toBe(LOADING)
    expect((await fetch(scene).promise).errorCode).toBe(LOADING)
    expect((await join(scene, 'member').promise).errorCode).toBe(LOADING)
    expect((await scene.groups.listGroups({})).errorCode).toBe(LOADING)
    const [described] = await scene.groups.describeGroups(origin, ['group'])
    const [deleted] = await scene.groups.deleteGroups(['group'])
    expect([described?.errorCode, deleted?.errorCode]).toEqual([LOADING, LOADING])
    scene.finish()
    await scene.clock.settle(scene.groups.loaded)
    expect((await fetch(scene).promise).errorCode).toBe(ErrorCode.NONE)
  })

  it('a heartbeat is believed: the member need not look for a coordinator that is not there', async () => {
    const scene = await loading()
    const heartbeat = { groupId: 'group', generationId: 1, memberId: 'member', groupInstanceId: null }
    expect((await scene.groups.heartbeat(origin, heartbeat)).errorCode).toBe(ErrorCode.NONE)
  })

  it('other partitions are answered', async () => {
    const gate = Promise.withResolvers<void>()
    const log = new ManualOffsetsLog(50)
    const slow = partitionForGroup('group', 50)
    const load = log.load.bind(log)
    log.load = (partition) => {
      log.loadGate = partition === slow ? gate.promise : Promise.resolve()
      return load(partition)
    }
    const scene = await open(log)
    await quiesce(scene.clock)
    expect((await fetch(scene, 'other').promise).errorCode).toBe(ErrorCode.NONE)
    expect((await fetch(scene).promise).errorCode).toBe(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)
  })
})

describe('a partition that cannot be loaded', () => {
  it('is COORDINATOR_NOT_AVAILABLE until it can be, and is tried again and again', async () => {
    const log = new ManualOffsetsLog()
    log.loadError = new Error('EIO')
    const scene = await opened(log)
    expect((await fetch(scene).promise).errorCode).toBe(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    await scene.clock.advance(120_000)
    expect(log.loadCount).toBeGreaterThan(5)
    expect(log.loadCount).toBeLessThan(20)
    log.loadError = null
    await scene.clock.advance(30_000)
    expect((await fetch(scene).promise).errorCode).toBe(ErrorCode.NONE)
  })

  it('because a record is damaged is not served as if it were empty', async () => {
    const log = new ManualOffsetsLog()
    log.durable[0]?.push({ key: Buffer.from([0, 1, 0, 9]), value: Buffer.alloc(4), offset: 0 })
    const scene = await opened(log)
    expect((await fetch(scene).promise).errorCode).toBe(ErrorCode.COORDINATOR_NOT_AVAILABLE)
  })
})

it('goes on from what was committed when it is opened again', async () => {
  const first = await opened()
  first.log.isPrompt = true
  commit(first, 42)
  await first.clock.settle(first.groups.close())
  const second = await opened(first.log)
  expect((await fetch(second).promise).topics[0]?.partitions[0]?.committedOffset).toBe(42)
})

it('keeps and expires sessions by time that passed, not by the wall clock', async () => {
  const scene = await opened()
  scene.log.isPrompt = true
  const joined = join(scene)
  await quiesce(scene.clock)
  const memberId = joined.value?.memberId ?? ''
  const beat = async (): Promise<number> => {
    const request = { groupId: 'group', generationId: 1, memberId, groupInstanceId: null }
    return (await scene.clock.settle(scene.groups.heartbeat(origin, request))).errorCode
  }
  for (let round = 0; round < 5; round++) {
    await scene.clock.advance(9_000)
    expect(await beat()).toBe(ErrorCode.NONE)
  }
  await scene.clock.advance(10_001)
  expect(await beat()).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
})

describe('close', () => {
  it('makes what is queued durable first', async () => {
    const scene = await opened()
    scene.log.isPrompt = true
    const committed = commit(scene, 1)
    await scene.clock.settle(scene.groups.close())
    expect(committed.value).toBe(ErrorCode.NONE)
    expect(scene.log.durable[0]).toHaveLength(1)
  })

  it('answers members that wait with NOT_COORDINATOR, and everybody after them', async () => {
    const scene = await opened()
    const parked = join(scene)
    await scene.clock.settle(scene.groups.close())
    expect(parked.value?.errorCode).toBe(ErrorCode.NOT_COORDINATOR)
    expect((await join(scene).promise).errorCode).toBe(ErrorCode.NOT_COORDINATOR)
  })

  it('leaves nothing behind that could still happen', async () => {
    const scene = await opened()
    join(scene)
    await quiesce(scene.clock)
    join(scene)
    await scene.clock.settle(scene.groups.close())
    expect(await scene.clock.step()).toBe(false)
  })

  it('may be called twice', async () => {
    const scene = await opened()
    await scene.clock.settle(Promise.all([scene.groups.close(), scene.groups.close()]))
  })
})
