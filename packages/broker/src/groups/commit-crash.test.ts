import { ErrorCode, offsetCommit, offsetFetch } from '@millrace/protocol'
import { type CrashKind, Prng, SimulatedClock, SimulatedDisk } from '@millrace/simulator'
import { describe, expect, it } from 'vitest'
import { TestBroker } from '../testing/test-broker.ts'
import { unlessDead } from '../testing/unless-dead.ts'

const COMMITS_PER_LIFE = 4
const GROUP_ID = 'g'
const CONFIG = { 'offsets.topic.num.partitions': '1' }

function commitOf(committedOffset: number) {
  const partitions = [{ partitionIndex: 0, committedOffset, committedMetadata: '' }]
  return {
    groupId: GROUP_ID,
    generationIdOrMemberEpoch: -1,
    memberId: '',
    topics: [{ name: 't', partitions }],
  }
}

async function committedOffset(broker: TestBroker): Promise<number> {
  const groups = [{ groupId: GROUP_ID, topics: null, memberId: null, memberEpoch: -1 }]
  const reply = await broker.settle(broker.connect().request(offsetFetch, 8, { groups }))
  expect(reply.groups[0]?.errorCode).toBe(ErrorCode.NONE)
  return reply.groups[0]?.topics[0]?.partitions[0]?.committedOffset ?? -1
}

interface Life {
  /** The highest commit that was answered; the one behind it may have been on its way. */
  readonly acknowledged: number
  readonly operationCount: number
}

/** Starts on the disk, commits 1, 2, 3, ... and dies at the given operation, or as soon as the last commit is answered. */
async function commitUntilDead(disk: SimulatedDisk, crashAtOperation: number): Promise<Life> {
  const clock = new SimulatedClock()
  const fileSystem = disk.boot(clock)
  fileSystem.gate.crashAtOperation = crashAtOperation
  let acknowledged = 0
  try {
    const broker = await unlessDead(
      clock,
      fileSystem,
      TestBroker.start({ clock, fileSystem, config: CONFIG }),
    )
    const connection = broker.connect()
    for (let offset = 1; offset <= COMMITS_PER_LIFE; offset++) {
      const answer = connection.request(offsetCommit, 8, commitOf(offset))
      const { topics } = await unlessDead(clock, fileSystem, answer)
      expect(topics[0]?.partitions[0]?.errorCode).toBe(ErrorCode.NONE)
      acknowledged = offset
    }
  } catch (error) {
    // The process died: the commit that was on its way may or may not be there.
    if (!fileSystem.gate.isDead) throw error
  }
  return { acknowledged, operationCount: fileSystem.gate.operationCount }
}

describe('a commit that was answered', () => {
  const kinds: CrashKind[] = ['process', 'power']
  it.each(kinds)('is there whenever the %s dies, at any operation of the disk', async (kind) => {
    let lives = 0
    for (let crashAt = 1; ; crashAt++) {
      // Whatever no sync has covered is gone: an answer that came too early cannot be lucky.
      const disk = new SimulatedDisk(new Prng(crashAt), { powerLoss: 'drop-all' })
      const firstClock = new SimulatedClock()
      const first = await TestBroker.start({ clock: firstClock, fileSystem: disk.boot(firstClock) })
      await first.createTopic('t')
      await first.close()
      disk.crash('process')

      const { acknowledged, operationCount } = await commitUntilDead(disk, crashAt)
      disk.crash(kind)

      const clock = new SimulatedClock()
      const broker = await TestBroker.start({ clock, fileSystem: disk.boot(clock), config: CONFIG })
      const found = Math.max(0, await committedOffset(broker))
      expect(found, `operation ${crashAt}`).toBeGreaterThanOrEqual(acknowledged)
      expect(found, `operation ${crashAt}`).toBeLessThanOrEqual(acknowledged + 1)
      await broker.close()
      lives++
      if (operationCount < crashAt) break
    }
    // Each commit is at least a write and a sync.
    expect(lives).toBeGreaterThan(COMMITS_PER_LIFE * 2)
  })
})
