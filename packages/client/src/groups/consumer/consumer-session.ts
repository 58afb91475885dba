import {
  type ConsumerGroupHeartbeatRequestInput,
  type ConsumerGroupHeartbeatResponse,
  consumerGroupHeartbeat,
  ErrorCode,
  KafkaError,
} from '@millrace/protocol'
import type { Cluster } from '../../cluster.ts'
import { backoffMs } from '../../connection/backoff.ts'
import { isRetriable } from '../../connection/retry.ts'
import type { TopicPartition } from '../../consumer/consumer-record.ts'
import { resourceError } from '../../resource-error.ts'
import { type Clock, delay } from '../../time/clock.ts'
import type { Assignments } from '../assignments.ts'
import { type Committer, groupByTopic } from '../committed-offsets.ts'
import type { GroupSettings } from '../group-options.ts'
import type { GroupSession } from '../group-session.ts'
import { selectTopics, type TopicSelection } from '../topic-selection.ts'

/** Member epochs with a meaning of their own (KIP-848). */
const JOINING = 0
const LEAVING = -1
const LEAVING_FOR_A_WHILE = -2
/** Answers after which the member has nothing any more and begins anew. */
const LOST: readonly number[] = [
  ErrorCode.UNKNOWN_MEMBER_ID,
  ErrorCode.FENCED_MEMBER_EPOCH,
  ErrorCode.GROUP_ID_NOT_FOUND,
]
/** A static member's old self may not have been let go yet. */
const PASSING: readonly number[] = [ErrorCode.UNRELEASED_INSTANCE_ID]
/** While a group is settling, who asks more often gets its partitions sooner: for so long after a change. */
const SETTLING_MS = 5_000
const SETTLING_INTERVAL_MS = 250
/** How often a pattern is looked up again. */
const LOOK_OUT_MS = 30_000

/**
 * The life of a member under KIP-848: the broker divides the partitions, and tells each member in the
 * answer to its heartbeat what to give up and what to take. A partition goes to its next owner when
 * this member has said, by its heartbeat, that it has given it up.
 */
export class ConsumerSession implements GroupSession {
  readonly memberId: string
  readonly #cluster: Cluster
  readonly #settings: GroupSettings
  readonly #selection: TopicSelection
  readonly #assignments: Assignments
  readonly #number: number
  readonly #stop = new AbortController()
  #epoch = JOINING
  #topics: readonly string[] = []
  #lookedOutMs = Number.NEGATIVE_INFINITY
  #changedMs = 0
  /** What the broker wants this member to have; null before it has said. */
  #target: readonly TopicPartition[] | null = null
  #reconciling: Promise<void> | null = null
  /** Something has been given up or taken that the broker does not know yet. */
  #mustReport = true
  #failure: Error | null = null

  constructor(
    cluster: Cluster,
    settings: GroupSettings,
    selection: TopicSelection,
    assignments: Assignments,
  ) {
    this.#cluster = cluster
    this.#settings = settings
    this.#selection = selection
    this.#assignments = assignments
    this.#number = cluster.takePurposeNumber()
    this.memberId = randomMemberId(cluster.settings.clock)
  }

  get committer(): Committer {
    const { group, instanceId } = this.#settings
    return { group, memberId: this.memberId, generationId: this.#epoch, instanceId }
  }

  stop(): void {
    this.#stop.abort()
  }

  async run(): Promise<void> {
    const { clock } = this.#cluster.settings
    this.#changedMs = clock.monotonicMs()
    for (let attempt = 0; !this.#stop.signal.aborted; ) {
      try {
        const intervalMs = await this.#heartbeat()
        attempt = 0
        if (!this.#mustReport) await delay(clock, intervalMs, this.#stop.signal)
      } catch (error) {
        if (this.#stop.signal.aborted) return
        if (error instanceof KafkaError && LOST.includes(error.code)) await this.#loseAll()
        else if (!isRetriable(error) && !(error instanceof KafkaError && PASSING.includes(error.code)))
          throw error
        await delay(clock, backoffMs(attempt++, this.#cluster.settings, clock), this.#stop.signal)
      }
      if (this.#failure !== null) throw this.#failure
    }
  }

  async leave(): Promise<void> {
    if (this.#epoch <= JOINING) return
    const memberEpoch = this.#settings.instanceId === null ? LEAVING : LEAVING_FOR_A_WHILE
    this.#epoch = JOINING
    await this.#send({ ...this.#identity, memberEpoch })
  }

  close(): void {
    this.#cluster.links.closePurpose(`group ${this.#number}`)
  }

  /** One heartbeat; gives the time until the next one. */
  async #heartbeat(): Promise<number> {
    await this.#lookOut()
    const isFirst = this.#epoch === JOINING
    const owned = this.#assignments.all()
    const mustReport = this.#mustReport
    this.#mustReport = false
    const answer = await this.#send({
      ...this.#identity,
      memberEpoch: this.#epoch,
      ...(isFirst || mustReport
        ? {
            rebalanceTimeoutMs: this.#settings.rebalanceTimeoutMs,
            subscribedTopicNames: [...this.#topics].sort(),
            topicPartitions: await this.#withIds(owned),
          }
        : {}),
    }).catch((error: unknown) => {
      this.#mustReport = true
      throw error
    })
    this.#epoch = answer.memberEpoch
    if (answer.assignment !== null) {
      this.#target = await this.#withNames(answer.assignment.topicPartitions)
      this.#changedMs = this.#cluster.settings.clock.monotonicMs()
    }
    this.#reconcile()
    return this.#intervalMs(answer.heartbeatIntervalMs)
  }

  /** Gives up and takes what the broker wants, beside the heartbeats, one round at a time. */
  #reconcile(): void {
    const target = this.#target
    if (target === null || this.#reconciling !== null) return
    const wanted = new Set(target.map(nameOf))
    const have = this.#assignments.all()
    const owned = new Set(have.map(nameOf))
    const leaving = have.filter((at) => !wanted.has(nameOf(at)))
    const coming = target.filter((at) => !owned.has(nameOf(at)))
    if (leaving.length === 0 && coming.length === 0) return
    this.#reconciling = this.#change(leaving, coming)
      .catch((error: unknown) => {
        // What may pass is tried again with the next heartbeat.
        if (!isRetriable(error)) this.#failure = error instanceof Error ? error : new Error(String(error))
      })
      .then(() => {
        this.#reconciling = null
      })
  }

  async #change(
    leaving: Parameters<Assignments['giveUp']>[0],
    coming: readonly TopicPartition[],
  ): Promise<void> {
    const epoch = this.#epoch
    await this.#assignments.giveUp(leaving)
    // Lost meanwhile: what was to come belongs to somebody else by now.
    if (this.#epoch < epoch) return
    await this.#assignments.add(coming)
    this.#mustReport = true
    this.#changedMs = this.#cluster.settings.clock.monotonicMs()
  }

  /** Topics by name are what they are; those of a pattern are looked up now and then. */
  async #lookOut(): Promise<void> {
    const { clock } = this.#cluster.settings
    const nowMs = clock.monotonicMs()
    if (nowMs - this.#lookedOutMs < LOOK_OUT_MS) return
    this.#lookedOutMs = nowMs
    const topics = await selectTopics(this.#cluster, this.#selection)
    if ([...topics].sort().join() !== [...this.#topics].sort().join()) this.#mustReport = true
    this.#topics = topics
  }

  #intervalMs(askedMs: number): number {
    const intervalMs = Math.min(askedMs, this.#settings.heartbeatIntervalMs)
    const isSettling = this.#cluster.settings.clock.monotonicMs() - this.#changedMs < SETTLING_MS
    return isSettling ? Math.min(intervalMs, SETTLING_INTERVAL_MS) : intervalMs
  }

  get #identity(): { groupId: string; memberId: string; instanceId: string | null } {
    return { groupId: this.#settings.group, memberId: this.memberId, instanceId: this.#settings.instanceId }
  }

  async #send(input: ConsumerGroupHeartbeatRequestInput): Promise<ConsumerGroupHeartbeatResponse> {
    const { group } = this.#settings
    const answer = await this.#cluster.send({ group }, consumerGroupHeartbeat, input, {
      purpose: `group ${this.#number}`,
    })
    const { errorCode, errorMessage } = answer
    if (errorCode === ErrorCode.NONE) return answer
    if (errorCode === ErrorCode.NOT_COORDINATOR || errorCode === ErrorCode.COORDINATOR_NOT_AVAILABLE) {
      this.#cluster.forgetCoordinator(group)
    }
    throw resourceError(`group "${group}"`, errorCode, errorMessage)
  }

  async #loseAll(): Promise<void> {
    this.#epoch = JOINING
    this.#target = null
    this.#mustReport = true
    await this.#assignments.lose(this.#assignments.all())
  }

  async #withIds(
    partitions: readonly TopicPartition[],
  ): Promise<{ topicId: string; partitions: number[] }[]> {
    const groups = [...groupByTopic(partitions)].map(async ([topic, those]) => ({
      topicId: (await this.#cluster.metadata.topic(topic, { mayCreate: false })).topicId,
      partitions: those.map(({ partition }) => partition),
    }))
    return Promise.all(groups)
  }

  /** A topic that was made a moment ago may not be known here yet: then it is read, and else left to the next heartbeat. */
  async #withNames(
    assigned: readonly { topicId: string; partitions: readonly number[] }[],
  ): Promise<TopicPartition[]> {
    const topics = await Promise.all(
      this.#topics.map((name) => this.#cluster.metadata.topic(name, { mayCreate: false }).catch(() => null)),
    )
    return assigned.flatMap(({ topicId, partitions }) => {
      const name = topics.find((topic) => topic?.topicId === topicId)?.name
      return name === undefined ? [] : partitions.map((partition) => ({ topic: name, partition }))
    })
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`
}

/** 22 characters, as Kafka's clients make them: unique is all that it has to be. */
function randomMemberId(clock: Clock): string {
  const bytes = Buffer.from(Array.from({ length: 16 }, () => Math.floor(clock.random() * 256)))
  return bytes.toString('base64url')
}
