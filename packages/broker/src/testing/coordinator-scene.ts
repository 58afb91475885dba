/** What the tests of the coordinator are made of. */
import { DEFAULT_GROUP_CONFIG } from '@millrace/consumer-groups'
import { SimulatedClock } from '@millrace/simulator'
import { GroupCoordinator } from '../groups/group-coordinator.ts'
import { silentLogger } from '../observability.ts'
import { ManualOffsetsLog } from './manual-offsets-log.ts'

/** Who asks. */
export const origin = { apiVersion: 8, clientId: 'client', clientHost: '/127.0.0.1' }
const topics = {
  version: 1,
  find: (name: string) => ({ name, topicId: 'sZm8xLmITxOuxIOM3pIWSQ', partitionCount: 1_000 }),
  findById: () => undefined,
  matching: () => ({ names: [], refusal: null }),
}

/** A coordinator over a log and a clock that a test moves. */
export interface CoordinatorScene {
  readonly clock: SimulatedClock
  readonly log: ManualOffsetsLog
  readonly groups: GroupCoordinator
}

/** Before its partitions are loaded. */
export async function open(log = new ManualOffsetsLog(), config = {}): Promise<CoordinatorScene> {
  const clock = new SimulatedClock()
  let lastUuid = 0
  const groups = await GroupCoordinator.open({
    offsetsLog: log,
    clock,
    logger: silentLogger,
    config: { ...DEFAULT_GROUP_CONFIG, ...config },
    topics,
    randomBytes: (count) => Buffer.alloc(count, ++lastUuid),
  })
  return { clock, log, groups }
}

/** When they are. */
export async function opened(log = new ManualOffsetsLog(), config = {}): Promise<CoordinatorScene> {
  const scene = await open(log, config)
  await scene.clock.settle(scene.groups.loaded)
  return scene
}

/** Everything that happens without waiting has happened. */
export async function quiesce(clock: SimulatedClock): Promise<void> {
  await clock.advance(0)
  await clock.advance(0)
}

/** Commits one offset as an administrator does; answers its error code. */
export function commit(
  { groups }: CoordinatorScene,
  committedOffset: number,
  { groupId = 'group', partition = 0, metadata = '' } = {},
) {
  const partitions = [
    { partitionIndex: partition, committedOffset, committedLeaderEpoch: -1, committedMetadata: metadata },
  ]
  const answer = groups.offsetCommit(origin, {
    groupId,
    generationIdOrMemberEpoch: -1,
    memberId: '',
    groupInstanceId: null,
    retentionTimeMs: -1,
    topics: [{ name: 'topic', topicId: '', partitions }],
  })
  return watched(answer.then(({ topics: [topic] }) => topic?.partitions[0]?.errorCode))
}

/** All that the group has committed. */
export function fetch({ groups }: CoordinatorScene, groupId = 'group') {
  const asked = { groupId, memberId: null, memberEpoch: -1, topics: null }
  return watched(groups.offsetFetch(origin, asked, false))
}

/** A member of the group `group` asks in. */
export function join({ groups }: CoordinatorScene, memberId = '', apiVersion = 3) {
  return watched(
    groups.joinGroup(
      { ...origin, apiVersion },
      {
        groupId: 'group',
        sessionTimeoutMs: 10_000,
        rebalanceTimeoutMs: 60_000,
        memberId,
        groupInstanceId: null,
        protocolType: 'consumer',
        protocols: [{ name: 'range', metadata: Buffer.from('metadata') }],
        reason: null,
      },
    ),
  )
}

/** A promise that can be asked whether it is settled. */
function watched<T>(promise: Promise<T>): { promise: Promise<T>; value: T | undefined } {
  const watch: { promise: Promise<T>; value: T | undefined } = { promise, value: undefined }
  void promise.then((value) => {
    watch.value = value
  })
  return watch
}
