import { ErrorCode, KafkaError } from '@millrace/protocol'
import type { Cluster } from '../cluster.ts'
import { isRetriable } from '../connection/retry.ts'
import type { TopicPartition } from '../consumer/consumer-record.ts'
import type { FetchPartition } from '../consumer/fetch-partition.ts'
import type { Fetcher } from '../consumer/fetcher.ts'
import { EARLIEST, LATEST, lookUpOffsets } from '../consumer/offset-lookup.ts'
import { diagnostics } from '../diagnostics.ts'
import { delay } from '../time/clock.ts'
import { AssignedPartition } from './assigned-partition.ts'
import { type CommittedOffset, commitOffsets, fetchCommitted } from './committed-offsets.ts'
import type { GroupSettings } from './group-options.ts'
import type { GroupSession } from './group-session.ts'

/** The partitions that this member has, from the moment it gets them to the moment it has given them up. */
export class Assignments {
  readonly #cluster: Cluster
  readonly #settings: GroupSettings
  readonly #session: GroupSession
  readonly #fetcher: Fetcher
  readonly #partitions = new Map<FetchPartition, AssignedPartition>()
  #committing: Promise<void> = Promise.resolve()

  constructor(cluster: Cluster, settings: GroupSettings, session: GroupSession, fetcher: Fetcher) {
    this.#cluster = cluster
    this.#settings = settings
    this.#session = session
    this.#fetcher = fetcher
  }

  all(): AssignedPartition[] {
    return [...this.#partitions.values()]
  }

  of(fetch: FetchPartition): AssignedPartition | undefined {
    return this.#partitions.get(fetch)
  }

  /** Begins with these partitions where the group has committed, or where the options say. */
  async add(partitions: readonly TopicPartition[]): Promise<void> {
    if (partitions.length === 0) return
    this.#tell('assigned', partitions)
    await this.#settings.onAssigned(partitions)
    const committed = new Map(
      (await fetchCommitted(this.#cluster, this.#settings.group, partitions)).map((at) => [
        nameOf(at),
        at.offset,
      ]),
    )
    const starts = await this.#startOffsets(partitions.filter((at) => !committed.has(nameOf(at))))
    for (const at of partitions) {
      const from = committed.get(nameOf(at))
      const start = from ?? starts.get(nameOf(at)) ?? 0
      const assigned = new AssignedPartition(at.topic, at.partition, start, from ?? -1)
      this.#partitions.set(assigned.fetch, assigned)
      this.#fetcher.add(assigned.fetch)
    }
  }

  /**
   * Gives partitions up: hands out nothing more of them, waits for what is in the program's hands (for
   * the rebalance timeout at most), commits what is done, and forgets them.
   */
  async giveUp(partitions: readonly AssignedPartition[]): Promise<void> {
    if (partitions.length === 0) return
    for (const assigned of partitions) assigned.isLeaving = true
    this.#fetcher.wake()
    const over = new AbortController()
    const finished = Promise.all([
      this.#settings.onRevoked(placesOf(partitions), { isLost: false }),
      ...partitions.map((assigned) => assigned.whenIdle()),
    ])
    try {
      await Promise.race([finished, delay(this.#cluster.settings.clock, this.#patienceMs, over.signal)])
    } finally {
      over.abort()
      if (this.#settings.commit !== 'manual') await this.#commitLast(partitions)
      this.#forget(partitions)
      this.#tell('revoked', partitions)
    }
  }

  /** Forgets partitions that somebody else may have by now: committing would only be refused. */
  async lose(partitions: readonly AssignedPartition[]): Promise<void> {
    if (partitions.length === 0) return
    this.#forget(partitions)
    this.#tell('lost', partitions)
    await this.#settings.onRevoked(placesOf(partitions), { isLost: true })
  }

  /** Commits what is done and not committed. Commits of one member follow each other, so none goes back. */
  commit(partitions: readonly AssignedPartition[] = this.all()): Promise<void> {
    const commit = this.#committing.then(async () => {
      const open = partitions.filter(({ needsCommit }) => needsCommit)
      if (open.length === 0) return
      const offsets = open.map(({ topic, partition, tracker }) => ({
        topic,
        partition,
        offset: tracker.committable,
      }))
      await this.#send(offsets)
      for (const [i, assigned] of open.entries()) assigned.committedOffset = offsets[i]?.offset ?? -1
    })
    this.#committing = commit.catch(() => {})
    return commit
  }

  /** The epoch of a KIP-848 member may rise while a commit is on its way: then it is sent again. */
  async #send(offsets: readonly CommittedOffset[]): Promise<void> {
    const { committer } = this.#session
    try {
      await commitOffsets(this.#cluster, committer, offsets)
    } catch (error) {
      const isStale = error instanceof KafkaError && error.code === ErrorCode.STALE_MEMBER_EPOCH
      if (!isStale || this.#session.committer.generationId === committer.generationId) throw error
      await commitOffsets(this.#cluster, this.#session.committer, offsets)
    }
  }

  /** Goes on where the log begins or ends now: what was asked for was deleted. Throws `error` where it shall not. */
  async backIntoRange(assigned: AssignedPartition, error: Error): Promise<void> {
    const { outOfRange } = this.#settings
    if (outOfRange === 'fail') throw error
    const starts = await this.#startOffsets([assigned], outOfRange)
    this.seek(assigned, starts.get(nameOf(assigned)) ?? 0)
  }

  /** Goes on at the first record that is not older than this moment, or at the end. */
  async seekToTime(assigned: AssignedPartition, timeMs: number): Promise<void> {
    const starts = await this.#startOffsets([assigned], { timeMs })
    // It may have been taken away while the broker was asked.
    if (this.#partitions.get(assigned.fetch) !== assigned) return
    this.seek(assigned, starts.get(nameOf(assigned)) ?? 0)
  }

  /** Goes on from another offset; what is in the program's hands does not count any more. */
  seek(assigned: AssignedPartition, offset: number): void {
    const moved = new AssignedPartition(assigned.topic, assigned.partition, offset, assigned.committedOffset)
    moved.fetch.isPaused = assigned.fetch.isPaused
    this.#forget([assigned])
    this.#partitions.set(moved.fetch, moved)
    this.#fetcher.add(moved.fetch)
  }

  /** Hands out nothing of these partitions until they are resumed. */
  pause(partitions: readonly AssignedPartition[], isPaused: boolean): void {
    for (const { fetch, tracker } of partitions) {
      fetch.isPaused = isPaused
      // What was fetched already is fetched again after the pause: that is simpler than keeping it aside.
      this.#fetcher.seek(fetch, tracker.next)
    }
    this.#fetcher.wake()
  }

  #tell(kind: 'assigned' | 'revoked' | 'lost', partitions: readonly TopicPartition[]): void {
    const { memberId } = this.#session
    diagnostics.group({ kind, group: this.#settings.group, memberId, partitions: placesOf(partitions) })
  }

  #forget(partitions: readonly AssignedPartition[]): void {
    for (const assigned of partitions) {
      assigned.leave()
      this.#partitions.delete(assigned.fetch)
      this.#fetcher.remove(assigned.fetch)
    }
    this.#fetcher.wake()
  }

  /** Half of what the group allows: the other half is for the commit and the join. */
  get #patienceMs(): number {
    return this.#settings.rebalanceTimeoutMs / 2
  }

  /** A commit that is refused now means that the next owner repeats what was done since the last one. */
  async #commitLast(partitions: readonly AssignedPartition[]): Promise<void> {
    try {
      await this.commit(partitions)
    } catch (error) {
      if (!(error instanceof KafkaError || isRetriable(error))) throw error
    }
  }

  async #startOffsets(
    partitions: readonly TopicPartition[],
    from = this.#settings.from,
  ): Promise<Map<string, number>> {
    if (partitions.length === 0) return new Map()
    const { isolation } = this.#settings
    const look = (timestamp: number) =>
      lookUpOffsets(
        this.#cluster,
        partitions.map(({ topic, partition }) => ({ topic, partition, timestamp })),
        { isolation },
      )
    if (typeof from === 'string') {
      const found = await look(from === 'beginning' ? EARLIEST : LATEST)
      return new Map(found.map((at) => [nameOf(at), at.offset]))
    }
    const [timed, latest] = await Promise.all([look(from.timeMs), look(LATEST)])
    return new Map(timed.map((at, i) => [nameOf(at), at.offset < 0 ? (latest[i]?.offset ?? 0) : at.offset]))
  }
}

function placesOf(partitions: readonly TopicPartition[]): TopicPartition[] {
  return partitions.map(({ topic, partition }) => ({ topic, partition }))
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`
}
