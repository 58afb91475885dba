/** Members of a group tell each other things through a broker that looks at none of them. */
import { describe, expect, it } from 'vitest'
import { createClient, rangeAssignor } from '../src/index.ts'
import { FakeClock, within } from './fake-clock.ts'
import { FakeLog } from './fake-log.ts'

const GARBAGE = Buffer.from('00007fffffff', 'hex')

/** What a group with this JoinGroup and this assignment makes of a member of ours. */
async function failureIn(join: object, assignment: Buffer): Promise<unknown> {
  const log = new FakeLog()
  log.handlers.FindCoordinator = ({ body }) => ({
    coordinators: body.coordinatorKeys.map((key: string) => ({
      ...{ key, nodeId: 1, host: 'node1', port: 9092, errorCode: 0, errorMessage: null },
    })),
  })
  log.handlers.JoinGroup = () => ({
    ...{ errorCode: 0, generationId: 1, protocolType: 'consumer', protocolName: 'range' },
    ...{ leader: 'another', memberId: 'ours', skipAssignment: false, members: [], ...join },
  })
  log.handlers.SyncGroup = () => ({
    ...{ errorCode: 0, protocolType: 'consumer', protocolName: 'range', assignment },
  })
  log.handlers.LeaveGroup = () => ({ errorCode: 0, members: [] })
  const clock = new FakeClock()
  await using client = createClient({ bootstrapServers: 'node1:9092', network: log, clock })
  const consumer = client.consume(['flights'], {
    group: 'g',
    protocol: 'classic',
    assignors: [rangeAssignor],
  })
  return await within(
    clock,
    5_000,
    consumer.next().catch((error: unknown) => error),
  )
}

describe('a group', () => {
  it('whose leader sends what is no assignment ends the consuming', async () => {
    expect(await failureIn({}, GARBAGE)).toMatchObject({
      code: 'INVALID_ASSIGNMENT',
      message: expect.stringContaining('the assignment of group "g" cannot be read'),
    })
  })

  it('in which a member sends what is no subscription ends the consuming of the leader', async () => {
    const members = [{ memberId: 'strange', groupInstanceId: null, metadata: GARBAGE }]
    expect(await failureIn({ leader: 'ours', members }, GARBAGE)).toMatchObject({
      code: 'INVALID_ASSIGNMENT',
      message: expect.stringContaining('the subscription of strange cannot be read'),
    })
  })

  it('that uses an assignor which this member did not offer ends the consuming', async () => {
    expect(await failureIn({ protocolName: 'mine' }, GARBAGE)).toMatchObject({
      code: 'INVALID_ASSIGNMENT',
      message: 'group "g" uses the assignor "mine", which this member did not offer',
    })
  })
})
