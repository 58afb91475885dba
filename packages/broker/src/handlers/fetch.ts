import { ErrorCode, type FetchRequest, type FetchResponseInput } from '@millrace/protocol'
import type { BrokerServices } from '../broker-services.ts'
import { attemptFetch, type FetchFinding, type FetchOrder } from '../partition/fetch-attempt.ts'
import type { FetchContext } from '../partition/fetch-sessions.ts'
import type { FetchedPartition } from '../partition/fetch-target.ts'
import { isLeaderError } from '../partition/partition-lookup.ts'
import { quotaUser } from '../quotas/request-quotas.ts'
import { type Handler, NO_RESPONSE, type RequestContext } from './handler.ts'

const FIRST_VERSION_WITH_TOPIC_IDS = 13
const FIRST_VERSION_WITH_ZSTD = 10

/**
 * Fetch, v4-18. Answers at once when there are `minBytes`, or an error, to tell (trap 13); else the request is
 * parked and runs again from the start when there is more, or when its time is up. Every partition that was
 * asked for is in a full answer, none else (trap 14).
 */
export const handleFetch: Handler<FetchRequest, FetchResponseInput> = (services, context, request) => {
  const session = services.fetchSessions.begin(request, context.apiVersion)
  if (session.errorCode !== ErrorCode.NONE) {
    return { throttleTimeMs: 0, errorCode: session.errorCode, sessionId: session.sessionId, responses: [] }
  }
  // Who read more than its quota is told so at once, with nothing to read (trap 29).
  const heldMs = heldUpMs(services, context)
  if (heldMs > 0) {
    return {
      throttleTimeMs: heldMs,
      errorCode: ErrorCode.NONE,
      sessionId: session.sessionId,
      responses: [],
    }
  }
  const fetching: FetchInProgress = { context, request, session }
  const found = attemptFetch(services, orderOf(services, fetching), request.maxWaitMs <= 0)
  if (found.kind === 'answer') return reply(services, context, session, found.partitions)
  return fetchLater(services, fetching, found)
}

/** What is to be read now: an answer may be the smaller, the more is held for slow peers. */
function orderOf(
  { replyBudget }: BrokerServices,
  { context, request, session }: FetchInProgress,
): FetchOrder {
  const maxBytes = Math.min(request.maxBytes, replyBudget.maxFetchBytes())
  return {
    refusal: refusalOf(request),
    targets: session.targets,
    connection: context.connection,
    usesTopicIds: context.apiVersion >= FIRST_VERSION_WITH_TOPIC_IDS,
    isReadCommitted: request.isolationLevel === 1,
    knowsZstd: context.apiVersion >= FIRST_VERSION_WITH_ZSTD,
    minBytes: Math.min(request.minBytes, maxBytes),
    maxBytes,
  }
}

/** What every partition is told instead of its records. */
function refusalOf({ isolationLevel, replicaId, replicaState }: FetchRequest): number {
  // Partitions have no followers: Kafka's answer to a replica that it does not know. From v15 on its id is in the state.
  if (replicaId >= 0 || replicaState.replicaId >= 0) return ErrorCode.NOT_LEADER_OR_FOLLOWER
  const isKnownLevel = isolationLevel === 0 || isolationLevel === 1
  return isKnownLevel ? ErrorCode.NONE : ErrorCode.INVALID_REQUEST
}

function heldUpMs({ quotas }: BrokerServices, context: RequestContext): number {
  return quotas.isActive ? quotas.excessMs('consumer_byte_rate', quotaUser(context)) : 0
}

interface FetchInProgress {
  readonly context: RequestContext
  readonly request: FetchRequest
  readonly session: FetchContext
}

/** Waits for the disk, or for more to read; then the fetch runs again from the start. */
async function fetchLater(
  services: BrokerServices,
  fetching: FetchInProgress,
  first: FetchFinding,
): Promise<FetchResponseInput | typeof NO_RESPONSE> {
  const { clock, delayedFetches, replyBudget } = services
  const { context, request, session } = fetching
  const deadlineMs = clock.monotonicMs() + request.maxWaitMs
  let found = first
  for (;;) {
    if (found.kind === 'answer') return reply(services, context, session, found.partitions)
    if (found.kind === 'reading') {
      return reply(services, context, session, await replyBudget.during(found.bytes, found.partitions))
    }
    const { awaited, missingBytes } = found
    const maxWaitMs = deadlineMs - clock.monotonicMs()
    const { id: connectionId } = context.connection
    const reason = await delayedFetches.park({ connectionId, awaited, missingBytes, maxWaitMs })
    if (context.isClosed()) return NO_RESPONSE
    found = attemptFetch(services, orderOf(services, fetching), reason !== 'data')
  }
}

function reply(
  services: BrokerServices,
  context: RequestContext,
  session: FetchContext,
  fetched: readonly FetchedPartition[],
): FetchResponseInput {
  const responses: { topic: string; topicId: string; partitions: FetchedPartition[] }[] = []
  let last: (typeof responses)[number] | undefined
  let leaderIds: Set<number> | null = null
  const releases: (() => void)[] = []
  for (const index of session.select(fetched)) {
    const target = session.targets[index]
    const partition = fetched[index]
    if (target === undefined || partition === undefined) continue
    const { topic, topicId } = target
    if (last === undefined || last.topic !== topic || last.topicId !== topicId) {
      last = { topic, topicId, partitions: [] }
      responses.push(last)
    }
    last.partitions.push(partition)
    if (partition.release !== null) releases.push(partition.release)
    if (partition.errorCode !== ErrorCode.NONE) services.metrics.failedFetch.add(1)
    else services.metrics.bytesOut.add(sizeOf(partition.records))
    if (isLeaderError(partition.errorCode)) {
      leaderIds ??= new Set()
      leaderIds.add(nameLeader(services, { topic, topicId }, partition))
    }
  }
  if (releases.length > 0) context.whenSent(() => releaseAll(releases))
  return {
    throttleTimeMs: 0,
    errorCode: ErrorCode.NONE,
    sessionId: session.sessionId,
    responses,
    nodeEndpoints: leaderIds === null ? [] : endpointsOf(services, context, leaderIds),
  }
}

/** Consumers would leave all that they read behind as garbage, and V8 would not come to rest. */
function releaseAll(releases: readonly (() => void)[]): void {
  for (const release of releases) release()
}

function sizeOf(records: FetchedPartition['records']): number {
  if (Buffer.isBuffer(records)) return records.length
  let sizeBytes = 0
  for (const part of records) sizeBytes += part.length
  return sizeBytes
}

/** KIP-951: an answer that sends the client to another leader says who that is. */
function nameLeader(
  { catalog, clusterView, partitions }: BrokerServices,
  { topic, topicId }: { readonly topic: string; readonly topicId: string },
  partition: FetchedPartition,
): number {
  const name = topic === '' ? (catalog.topicById(topicId)?.name ?? '') : topic
  const leaderId = clusterView.leaderOf(name, partition.partitionIndex)
  const leaderEpoch = partitions.find(name, partition.partitionIndex)?.log?.leaderEpoch ?? -1
  partition.currentLeader = { leaderId, leaderEpoch }
  return leaderId
}

function endpointsOf(
  { clusterView }: BrokerServices,
  { connection }: RequestContext,
  leaderIds: ReadonlySet<number>,
): NonNullable<FetchResponseInput['nodeEndpoints']> {
  return Array.from(leaderIds, (nodeId) => clusterView.endpointOf(connection.listener.name, nodeId)).filter(
    (endpoint) => endpoint !== undefined,
  )
}
