import { ErrorCode, KafkaError } from '@millrace/protocol'
import type { Cluster } from '../../cluster.ts'
import { backoffMs } from '../../connection/backoff.ts'
import { isRetriable } from '../../connection/retry.ts'
import { delay } from '../../time/clock.ts'
import type { Assignments } from '../assignments.ts'
import type { Committer } from '../committed-offsets.ts'
import type { GroupSettings } from '../group-options.ts'
import type { GroupSession } from '../group-session.ts'
import { countPartitions, selectTopics, type TopicSelection } from '../topic-selection.ts'
import { ClassicMembership, type Generation } from './classic-membership.ts'

/** How a generation ended. */
type Ending = 'rebalance' | 'lost'

/** Answers that mean: somebody else may have the partitions by now. */
const LOST: readonly number[] = [ErrorCode.UNKNOWN_MEMBER_ID, ErrorCode.ILLEGAL_GENERATION]
/** How often the leader looks whether a topic has got more partitions, and a pattern more topics. */
const LOOK_OUT_MS = 30_000

/**
 * The life of a member: join, take and give up partitions, heartbeat until the next rebalance, and so
 * on until it is stopped. Under a cooperative assignor it goes on with what it keeps all the while;
 * under an eager one it gives up everything before it joins again.
 */
export class ClassicSession implements GroupSession {
  readonly #cluster: Cluster
  readonly #settings: GroupSettings
  readonly #selection: TopicSelection
  readonly #membership: ClassicMembership
  readonly #assignments: Assignments
  readonly #stop = new AbortController()
  #topics: readonly string[] = []
  #counts: ReadonlyMap<string, number> = new Map()

  constructor(
    cluster: Cluster,
    settings: GroupSettings,
    selection: TopicSelection,
    assignments: Assignments,
  ) {
    this.#cluster = cluster
    this.#settings = settings
    this.#selection = selection
    this.#membership = new ClassicMembership(cluster, settings)
    this.#assignments = assignments
  }

  get memberId(): string {
    return this.#membership.memberId
  }

  get committer(): Committer {
    return this.#membership.committer
  }

  async leave(): Promise<void> {
    await this.#membership.leave()
  }

  close(): void {
    this.#membership.close()
  }

  /** Ends `run()` at its next step. */
  stop(): void {
    this.#stop.abort()
  }

  /** Resolves after `stop()`; rejects with what cannot pass by itself, such as being fenced. */
  async run(): Promise<void> {
    const { clock } = this.#cluster.settings
    for (let attempt = 0; !this.#isStopped; ) {
      try {
        const generation = await this.#join()
        attempt = 0
        if (!this.#isStopped) await this.#live(generation)
      } catch (error) {
        if (this.#isStopped) return
        if (error instanceof KafkaError && LOST.includes(error.code)) await this.#loseAll()
        else if (!isRetriable(error) && !isRebalance(error)) throw error
        await delay(clock, backoffMs(attempt++, this.#cluster.settings, clock), this.#stop.signal)
      }
    }
  }

  get #isStopped(): boolean {
    return this.#stop.signal.aborted
  }

  async #join(): Promise<Generation> {
    this.#topics = await selectTopics(this.#cluster, this.#selection)
    const owned = this.#assignments.all().map(({ topic, partition }) => ({ topic, partition }))
    return this.#membership.join(this.#topics, owned, async (topics) => {
      this.#counts = await countPartitions(this.#cluster, topics)
      return this.#counts
    })
  }

  /** One generation, from its assignment to the next rebalance. Heartbeats go on all the while. */
  async #live(generation: Generation): Promise<void> {
    const over = new AbortController()
    const stopped = AbortSignal.any([this.#stop.signal, over.signal])
    const ending = this.#heartbeats(generation, stopped)
    // It is awaited below, but perhaps not before it has failed.
    ending.catch(() => {})
    try {
      const mustJoinAgain = await this.#adopt(generation)
      if (mustJoinAgain) return
      const how = await ending
      if (how === 'lost') await this.#loseAll()
      else if (!this.#isStopped && generation.assignor.protocol === 'eager') {
        await this.#assignments.giveUp(this.#assignments.all())
      }
    } finally {
      over.abort()
    }
  }

  /** True when partitions were given up that others wait for: they get them by the next rebalance. */
  async #adopt({ assigned, assignor }: Generation): Promise<boolean> {
    const wanted = new Set(assigned.map(({ topic, partition }) => `${topic}/${partition}`))
    const have = this.#assignments.all()
    const leaving = have.filter(({ topic, partition }) => !wanted.has(`${topic}/${partition}`))
    const kept = new Set(have.map(({ topic, partition }) => `${topic}/${partition}`))
    await this.#assignments.giveUp(leaving)
    await this.#assignments.add(assigned.filter(({ topic, partition }) => !kept.has(`${topic}/${partition}`)))
    return leaving.length > 0 && assignor.protocol === 'cooperative'
  }

  async #heartbeats({ isLeader }: Generation, stopped: AbortSignal): Promise<Ending> {
    const { clock } = this.#cluster.settings
    let lookedOutMs = clock.monotonicMs()
    for (;;) {
      await delay(clock, this.#settings.heartbeatIntervalMs, stopped)
      if (stopped.aborted) return 'rebalance'
      try {
        await this.#membership.heartbeat()
        if (clock.monotonicMs() - lookedOutMs < LOOK_OUT_MS) continue
        lookedOutMs = clock.monotonicMs()
        if (await this.#hasChanged(isLeader)) return 'rebalance'
      } catch (error) {
        if (isRebalance(error)) return 'rebalance'
        if (error instanceof KafkaError && LOST.includes(error.code)) return 'lost'
        // A coordinator that is away comes back, or another takes over: the member lives on meanwhile.
        if (!isRetriable(error)) throw error
      }
    }
  }

  /** Whether this member wants other topics by now, or as the leader would divide them otherwise. */
  async #hasChanged(isLeader: boolean): Promise<boolean> {
    const topics = await selectTopics(this.#cluster, this.#selection)
    if ([...topics].sort().join() !== [...this.#topics].sort().join()) return true
    if (!isLeader) return false
    const counts = await countPartitions(this.#cluster, [...new Set([...topics, ...this.#counts.keys()])])
    return (
      counts.size !== this.#counts.size ||
      [...counts].some(([topic, count]) => this.#counts.get(topic) !== count)
    )
  }

  async #loseAll(): Promise<void> {
    this.#membership.forget()
    await this.#assignments.lose(this.#assignments.all())
  }
}

function isRebalance(error: unknown): boolean {
  return error instanceof KafkaError && error.code === ErrorCode.REBALANCE_IN_PROGRESS
}
