import {
  type ConsumerGroupTimes,
  type CoordinatorShard,
  checkGroupConfig,
  type DeletedGroup,
  type DescribedConsumerGroup,
  type DescribedGroup,
  type GroupConfig,
  type GroupEvent,
  type ListedGroup,
  type OffsetFetchGroup,
  type OffsetFetchGroupResponse,
  partitionForGroup,
  type RequestOrigin,
  type RequestToken,
  type ShardGroupFacts,
  type TopicView,
  undescribedConsumerGroup,
} from '@millrace/consumer-groups'
import type { Clock } from '@millrace/log-core'
import {
  type ConsumerGroupHeartbeatRequest,
  type ConsumerGroupHeartbeatResponseInput,
  ErrorCode,
  type HeartbeatRequest,
  type HeartbeatResponseInput,
  type JoinGroupRequest,
  type JoinGroupResponseInput,
  type LeaveGroupRequest,
  type LeaveGroupResponseInput,
  type ListGroupsResponseInput,
  type OffsetCommitRequest,
  type OffsetCommitResponseInput,
  type OffsetDeleteRequest,
  type OffsetDeleteResponseInput,
  type SyncGroupRequest,
  type SyncGroupResponseInput,
} from '@millrace/protocol'
import type { Logger } from '../observability.ts'
import type { GroupOffsetsLog } from './group-offsets-log.ts'
import * as refusals from './refusals.ts'
import { ShardDriver } from './shard-driver.ts'

export interface GroupCoordinatorOptions {
  readonly offsetsLog: GroupOffsetsLog
  readonly clock: Clock
  readonly logger: Logger
  readonly config: GroupConfig
  /** What a KIP-848 group has configured for itself. */
  readonly timesOf?: (groupId: string) => Partial<ConsumerGroupTimes>
  /** Which topics exist: commits are for those only. */
  readonly topics: TopicView
  /** For the unique part of member ids. */
  readonly randomBytes: (count: number) => Buffer
}

export interface ListOptions {
  /** Empty lets every state through. Capitals do not matter. */
  readonly states?: readonly string[]
  readonly types?: readonly string[]
  /** Which partitions of `__consumer_offsets` count; all unless told. */
  readonly isOwned?: (partition: number) => boolean
}

/**
 * All groups of this broker: one shard for each partition of `__consumer_offsets`. The methods are named after
 * the APIs and answer in the API's terms; none of them rejects. Their step is done when they return, so that
 * requests of one connection take effect in order; only the answer may be late.
 */
export class GroupCoordinator {
  readonly #drivers: readonly ShardDriver[]
  readonly #loaded: Promise<void>

  private constructor(drivers: readonly ShardDriver[]) {
    this.#drivers = drivers
    this.#loaded = Promise.all(drivers.map((driver) => driver.load())).then(() => undefined)
  }

  /** Loading goes on afterwards: until a partition is loaded its groups are answered COORDINATOR_LOAD_IN_PROGRESS. */
  static async open(options: GroupCoordinatorOptions): Promise<GroupCoordinator> {
    const { clock, config, logger, offsetsLog, randomBytes, timesOf, topics } = options
    const surroundings = {
      config: checkGroupConfig(config),
      ...(timesOf === undefined ? {} : { timesOf }),
      topics,
      newUuid: () => uuidFrom(randomBytes(16)),
    }
    const drivers = Array.from(
      { length: offsetsLog.partitionCount },
      (_, partition) => new ShardDriver({ partition, offsetsLog, clock, logger, surroundings }),
    )
    return new GroupCoordinator(drivers)
  }

  /** Resolves when every partition has been loaded, or could not be; those go on trying by themselves. */
  get loaded(): Promise<void> {
    return this.#loaded
  }

  /** The partition of `__consumer_offsets` that the group lives in. */
  partitionOf(groupId: string): number {
    return partitionForGroup(groupId, this.#drivers.length)
  }

  joinGroup(origin: RequestOrigin, request: JoinGroupRequest): Promise<JoinGroupResponseInput> {
    const refuse = refusals.joinGroup(request)
    if (request.groupId === '') return Promise.resolve(refuse(ErrorCode.INVALID_GROUP_ID))
    return this.#ask(request.groupId, (token) => ({ kind: 'join-group', token, origin, request }), refuse)
  }

  syncGroup(origin: RequestOrigin, request: SyncGroupRequest): Promise<SyncGroupResponseInput> {
    return this.#ask(
      request.groupId,
      (token) => ({ kind: 'sync-group', token, origin, request }),
      refusals.syncGroup,
    )
  }

  heartbeat(origin: RequestOrigin, request: HeartbeatRequest): Promise<HeartbeatResponseInput> {
    if (request.groupId === '') return Promise.resolve({ errorCode: ErrorCode.INVALID_GROUP_ID })
    return this.#ask(
      request.groupId,
      (token) => ({ kind: 'heartbeat', token, origin, request }),
      refusals.heartbeat,
    )
  }

  /** KIP-848: joining, living and leaving in one. */
  consumerGroupHeartbeat(
    origin: RequestOrigin,
    request: ConsumerGroupHeartbeatRequest,
  ): Promise<ConsumerGroupHeartbeatResponseInput> {
    return this.#ask(
      request.groupId,
      (token) => ({ kind: 'consumer-heartbeat', token, origin, request }),
      refusals.consumerGroupHeartbeat,
    )
  }

  leaveGroup(origin: RequestOrigin, request: LeaveGroupRequest): Promise<LeaveGroupResponseInput> {
    const { groupId } = request
    if (groupId === '') return Promise.resolve(refusals.leaveGroup(ErrorCode.INVALID_GROUP_ID))
    // Until version 2 one member left at a time, by its id alone.
    const isSingle = origin.apiVersion <= 2
    const members = isSingle ? [{ memberId: request.memberId, groupInstanceId: null }] : request.members
    const asked: Promise<LeaveGroupResponseInput> = this.#ask(
      groupId,
      (token) => ({ kind: 'leave-group', token, origin, groupId, members }),
      refusals.leaveGroup,
    )
    return isSingle ? asked.then(singleLeaveResponse) : asked
  }

  offsetCommit(origin: RequestOrigin, request: OffsetCommitRequest): Promise<OffsetCommitResponseInput> {
    return this.#ask(
      request.groupId,
      (token) => ({ kind: 'offset-commit', token, origin, request }),
      refusals.offsetCommit(request),
    )
  }

  /** One group; the handler puts those of a batch together. `requireStable` matters once there are transactions. */
  offsetFetch(
    origin: RequestOrigin,
    group: OffsetFetchGroup,
    requireStable: boolean,
  ): Promise<OffsetFetchGroupResponse> {
    return this.#ask(
      group.groupId,
      (token) => ({ kind: 'offset-fetch', token, origin, group, requireStable }),
      refusals.offsetFetch(group),
    )
  }

  /** Takes back what was committed for topics that nobody in the group reads (KIP-496). */
  offsetDelete(request: OffsetDeleteRequest): Promise<OffsetDeleteResponseInput> {
    if (request.groupId === '') return Promise.resolve({ errorCode: ErrorCode.INVALID_GROUP_ID, topics: [] })
    return this.#ask(
      request.groupId,
      (token) => ({ kind: 'offset-delete', token, request }),
      (errorCode) => ({ errorCode, topics: [] }),
    )
  }

  /** In the order asked for, each group once. */
  describeGroups(origin: RequestOrigin, groupIds: readonly string[]): Promise<DescribedGroup[]> {
    return this.#askForGroups<DescribedGroup>(
      groupIds,
      (ids, token) => ({ kind: 'describe-groups', token, origin, groupIds: ids }),
      refusals.describedGroup,
    )
  }

  /** KIP-848 groups alone. In the order asked for, each group once. */
  consumerGroupDescribe(groupIds: readonly string[]): Promise<DescribedConsumerGroup[]> {
    return this.#askForGroups<DescribedConsumerGroup>(
      groupIds,
      (ids, token) => ({ kind: 'consumer-describe', token, groupIds: ids }),
      undescribedConsumerGroup,
    )
  }

  /** In the order asked for, each group once. */
  deleteGroups(groupIds: readonly string[]): Promise<DeletedGroup[]> {
    return this.#askForGroups<DeletedGroup>(
      groupIds,
      (ids, token) => ({ kind: 'delete-groups', token, groupIds: ids }),
      refusals.deletedGroup,
    )
  }

  /** Those of every owned partition; one that is still loading fails the whole answer, as in Kafka, and clients ask again. */
  async listGroups({
    isOwned = () => true,
    states = [],
    types = [],
  }: ListOptions): Promise<ListGroupsResponseInput> {
    const filter = { states: lowerCased(states), types: lowerCased(types) }
    const lists = await Promise.all(
      this.#drivers
        .filter(({ partition }) => isOwned(partition))
        .map((driver) =>
          driver.request<readonly ListedGroup[] | number>(
            (token) => ({ kind: 'list-groups', token, filter }),
            (errorCode) => errorCode,
          ),
        ),
    )
    const groups: ListedGroup[] = []
    for (const list of lists) {
      if (typeof list === 'number') return { errorCode: list, groups: [] }
      groups.push(...list)
    }
    return { errorCode: ErrorCode.NONE, groups }
  }

  /** One pass of `offsets.retention.minutes`: for the housekeeping's timer, or on demand. */
  expireOffsets(): void {
    for (const driver of this.#drivers) driver.notify({ kind: 'expire-offsets' })
  }

  /** What was committed for topics that are gone goes with them. */
  topicsDeleted(names: Iterable<string>): void {
    const event: GroupEvent = { kind: 'topics-deleted', names: new Set(names) }
    for (const driver of this.#drivers) driver.notify(event)
  }

  /** What is known of a group, for people; null when there is none, or its shard is loading. */
  facts(groupId: string): ShardGroupFacts | null {
    return this.#driverOf(groupId).facts(groupId)
  }

  /** The shard of a group, for reading only; null while it is loading. */
  shardOf(groupId: string): CoordinatorShard | null {
    return this.#driverOf(groupId).shard
  }

  /** The shards that are loaded, for reading only: for metrics. */
  loadedShards(): CoordinatorShard[] {
    return this.#drivers.flatMap(({ shard }) => (shard === null ? [] : [shard]))
  }

  /** Everything queued becomes durable; requests that are parked are answered NOT_COORDINATOR. Idempotent. */
  async close(): Promise<void> {
    await Promise.all(this.#drivers.map((driver) => driver.close()))
  }

  #driverOf(groupId: string): ShardDriver {
    const driver = this.#drivers[this.partitionOf(groupId)]
    if (driver === undefined) throw new RangeError(`no shard for ${groupId}`)
    return driver
  }

  #ask<Reply>(
    groupId: string,
    event: (token: RequestToken) => GroupEvent,
    refuse: (errorCode: number) => Reply,
  ): Promise<Reply> {
    return this.#driverOf(groupId).request(event, refuse)
  }

  /** Asks every shard once for all of its groups, and answers in the order of the request. */
  async #askForGroups<Answer extends { readonly groupId: string }>(
    groupIds: readonly string[],
    event: (groupIds: readonly string[], token: RequestToken) => GroupEvent,
    refuse: (groupId: string, errorCode: number) => Answer,
  ): Promise<Answer[]> {
    const byDriver = new Map<ShardDriver, string[]>()
    for (const groupId of groupIds) {
      const driver = this.#driverOf(groupId)
      const known = byDriver.get(driver)
      if (known === undefined) byDriver.set(driver, [groupId])
      else known.push(groupId)
    }
    const asked = [...byDriver].map(([driver, ids]) =>
      driver.request<readonly Answer[]>(
        (token) => event(ids, token),
        (errorCode) => ids.map((groupId) => refuse(groupId, errorCode)),
      ),
    )
    const answers = new Map((await Promise.all(asked)).flat().map((answer) => [answer.groupId, answer]))
    return groupIds.flatMap((groupId) => answers.get(groupId) ?? [])
  }
}

function lowerCased(values: readonly string[]): ReadonlySet<string> {
  return new Set(values.map((value) => value.toLowerCase()))
}

function singleLeaveResponse(response: LeaveGroupResponseInput): LeaveGroupResponseInput {
  return { errorCode: response.members?.[0]?.errorCode ?? response.errorCode }
}

/** RFC 9562, version 4: what Java's `UUID.randomUUID()` makes and Kafka puts at the end of member ids. */
function uuidFrom(bytes: Buffer): string {
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
