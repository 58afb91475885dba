import type { ConsumerGroupTimes, GroupConfig } from './group-config.ts'
import type { GroupEffect, GroupReply, GroupTimer, RequestToken } from './group-event.ts'
import { encodeGroupRecord, type GroupRecord } from './records/group-record.ts'
import type { TopicView } from './topic-view.ts'

const MAX_PREFIX_CHARACTERS = 1_000

/** What a shard was given when it was made. */
export interface ShardSurroundings {
  readonly config: GroupConfig
  /** What one KIP-848 group has instead of the broker's; asked each time, because it can be changed. */
  readonly timesOf?: (groupId: string) => Partial<ConsumerGroupTimes>
  readonly topics: TopicView
  /** The only randomness: the last part of new member ids. */
  readonly newUuid: () => string
}

/**
 * One step of a shard: the time at which it happens, and what comes of it. Machines read `nowMs` for timestamps
 * only; every wait is a delay, so a clock that jumps expires nobody.
 */
export class Step {
  readonly nowMs: number
  readonly config: GroupConfig
  readonly topics: TopicView
  readonly effects: GroupEffect[] = []
  readonly #timesOf: (groupId: string) => Partial<ConsumerGroupTimes>
  readonly #newUuid: () => string
  readonly #replay: (record: GroupRecord) => void

  constructor(surroundings: ShardSurroundings, nowMs: number, replay: (record: GroupRecord) => void) {
    this.nowMs = nowMs
    this.config = surroundings.config
    this.topics = surroundings.topics
    this.#timesOf = surroundings.timesOf ?? (() => ({}))
    this.#newUuid = surroundings.newUuid
    this.#replay = replay
  }

  /** How long members of a KIP-848 group may be silent, and how often they are to speak. */
  timesOf(groupId: string): ConsumerGroupTimes {
    return { ...this.config, ...this.#timesOf(groupId) }
  }

  /** As Kafka makes them: the static instance's or the client's name, then something unique. It must fit into a string. */
  newMemberId(prefix: string): string {
    return `${prefix.slice(0, MAX_PREFIX_CHARACTERS)}-${this.#newUuid()}`
  }

  /** For a KIP-848 member that leaves the choice of its id to the broker, as only version 0 may. */
  newUuid(): string {
    return this.#newUuid()
  }

  /**
   * The record takes effect at once, by the same code that a restart runs (G1); that it is durable is the
   * driver's to wait for, before any reply of this or a later step leaves (G2).
   */
  persist(record: GroupRecord): void {
    this.effects.push({ kind: 'persist', record: encodeGroupRecord(record) })
    this.#replay(record)
  }

  reply(token: RequestToken, reply: GroupReply): void {
    this.effects.push({ kind: 'reply', token, reply })
  }

  armTimer(timer: GroupTimer, delayMs: number): void {
    this.effects.push({ kind: 'arm-timer', timer, delayMs })
  }

  cancelTimer(timer: GroupTimer): void {
    this.effects.push({ kind: 'cancel-timer', timer })
  }
}
