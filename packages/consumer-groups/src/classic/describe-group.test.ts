import { ErrorCode } from '@millrace/protocol'
import { describe, expect, it } from 'vitest'
import { joinAsNew, ShardHarness, stableGroup } from '../testing/shard-harness.ts'

describe('DescribeGroups', () => {
  it('of an unknown group is Dead without an error until version 5, GROUP_ID_NOT_FOUND from 6', () => {
    const harness = new ShardHarness()
    expect(harness.describe('unknown', 5)).toMatchObject({ groupState: 'Dead', errorCode: ErrorCode.NONE })
    expect(harness.describe('unknown', 6)).toMatchObject({
      groupState: 'Dead',
      errorCode: ErrorCode.GROUP_ID_NOT_FOUND,
      errorMessage: 'Group unknown not found.',
    })
  })

  it('tells what members say and hold while the group is stable', () => {
    const harness = new ShardHarness()
    const [member] = stableGroup(harness, 1)
    const described = harness.describe()
    expect(described).toMatchObject({ groupState: 'Stable', protocolType: 'consumer', protocolData: 'range' })
    expect(described.members).toEqual([
      {
        memberId: member?.memberId,
        groupInstanceId: null,
        clientId: 'client',
        clientHost: '/127.0.0.1',
        memberMetadata: Buffer.from('metadata'),
        memberAssignment: Buffer.from(member?.memberId ?? ''),
      },
    ])
  })

  it('tells only who the members are during a rebalance', () => {
    const harness = new ShardHarness()
    stableGroup(harness, 1)
    joinAsNew(harness)
    const described = harness.describe()
    expect(described).toMatchObject({ groupState: 'PreparingRebalance', protocolData: '' })
    expect(described.members.map(({ memberMetadata }) => memberMetadata.length)).toEqual([0, 0])
  })
})

describe('trap 27: ListGroups', () => {
  it('tells state and type, and filters by both without regard to capitals', () => {
    const harness = new ShardHarness()
    stableGroup(harness, 1)
    harness.commit({ groupId: 'committed' })
    const stable = { groupId: 'group', protocolType: 'consumer', groupState: 'Stable', groupType: 'classic' }
    const empty = { groupId: 'committed', protocolType: '', groupState: 'Empty', groupType: 'classic' }
    expect(harness.list()).toEqual([stable, empty])
    expect(harness.list({ states: ['stable'] })).toEqual([stable])
    expect(harness.list({ states: ['empty', 'dead'] })).toEqual([empty])
    expect(harness.list({ types: ['classic'] })).toEqual([stable, empty])
    expect(harness.list({ types: ['share'] })).toEqual([])
  })
})
