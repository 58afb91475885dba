import { deleteRecords, offsetCommit } from '@millrace/protocol'
import { Prng, SimulatedClock, SimulatedDisk } from '@millrace/simulator'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BrokerScene } from '../testing/broker-scene.ts'
import { numbered } from '../testing/test-broker.ts'

const HOUR_MS = 3_600_000

/** `topic/0` has a batch of two records that is three hours old, one record of two hours and one of one hour. */
describe('the age of what a group has not read', () => {
  let scene: BrokerScene
  beforeEach(async () => {
    scene = await BrokerScene.start()
    const nowMs = scene.broker.clock.nowMs()
    for (const [hours, count] of [
      [3, 2],
      [2, 1],
      [1, 1],
    ] as const) {
      const record = { value: Buffer.from('x'), timestampMs: nowMs - hours * HOUR_MS }
      await scene.broker.produce('topic', Array(count).fill(record))
    }
  })
  afterEach(() => scene.close())

  it.each([
    [0, 3],
    [1, 3],
    [2, 2],
    [3, 1],
    [4, null],
    [9, null],
  ])('that stands at %i is that of its first unread record: %s hours', async (committed, hours) => {
    await commit(committed)
    expect(await ageMs()).toBe(hours === null ? null : hours * HOUR_MS)
  })

  it('is that of the first record that is left, where what it has not read is gone', async () => {
    await commit(0)
    await scene.ask(deleteRecords, 2, {
      topics: [{ name: 'topic', partitions: [{ partitionIndex: 0, offset: 3 }] }],
      timeoutMs: 0,
    })
    expect(await ageMs()).toBe(HOUR_MS)
  })

  it('is that of the oldest record of its batch, and never less than nothing', async () => {
    const nowMs = scene.broker.clock.nowMs()
    const at = (hours: number) => ({ value: Buffer.from('x'), timestampMs: nowMs - hours * HOUR_MS })
    await scene.broker.produce('topic', [at(0.5), at(0.25)])
    await scene.broker.produce('topic', [at(-0.5)])
    await commit(4)
    expect(await ageMs()).toBe(HOUR_MS / 2)
    await commit(6)
    expect(await ageMs()).toBe(0)
  })

  async function commit(committedOffset: number): Promise<void> {
    const partitions = [{ partitionIndex: 0, committedOffset, committedMetadata: '' }]
    const topics = [{ name: 'topic', partitions }]
    await scene.ask(offsetCommit, 8, {
      groupId: 'group',
      generationIdOrMemberEpoch: -1,
      memberId: '',
      topics,
    })
  }

  async function ageMs(): Promise<number | null | undefined> {
    const explained = await scene.broker.settle(scene.broker.broker.explainGroup('group'))
    return explained?.facts.partitions[0]?.log?.oldestUnreadAgeMs
  }
})

it('a group is told of a partition that its disk took offline, and why', async () => {
  const clock = new SimulatedClock()
  const fileSystem = new SimulatedDisk(new Prng(3)).boot(clock)
  const scene = await BrokerScene.start({ clock, fileSystem })
  try {
    const partitions = [{ partitionIndex: 0, committedOffset: 0, committedMetadata: '' }]
    const commit = { groupId: 'group', generationIdOrMemberEpoch: -1, memberId: '' }
    await scene.ask(offsetCommit, 8, { ...commit, topics: [{ name: 'topic', partitions }] })
    const { gate } = fileSystem
    gate.plannedFailure = { atOperation: gate.operationCount + 1, kinds: ['sync'], code: 'EIO' }
    await expect(scene.broker.produce('topic', numbered(1))).rejects.toThrow()
    const explained = await scene.broker.settle(scene.broker.broker.explainGroup('group'))
    const found = explained?.findings.find(({ code }) => code === 'partition-offline')
    expect(found?.text).toMatch(
      /^topic\/0: the broker cannot read its log \(.*(sync|EIO).*\)\. Nobody gets records/,
    )
  } finally {
    await scene.close()
  }
})
