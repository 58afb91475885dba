/** What happens to a group of foreign clients, and what must hold of it all the time. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, logLevel } from 'kafkajs'
import { GroupMember, type GroupTarget, type Protocol } from './group-member.ts'
import type { MemberProgram } from './member-programs.ts'

const LOOK_EVERY_MS = 50

export class GroupTrial implements AsyncDisposable {
  readonly #target: GroupTarget
  readonly #partitionCount: number
  readonly #all: GroupMember[] = []

  constructor(target: GroupTarget, partitionCount: number) {
    this.#target = target
    this.#partitionCount = partitionCount
  }

  start(name: string, { availability }: MemberProgram, protocol: Protocol): GroupMember {
    if (availability.kind === 'absent') throw new Error(availability.reason)
    const member = new GroupMember(name, availability.command, { ...this.#target, protocol })
    this.#all.push(member)
    return member
  }

  /** Until these members share all partitions, each with some and none with another's. Answers how long it took. */
  async settled(members: readonly GroupMember[], withinMs: number): Promise<number> {
    const startedMs = performance.now()
    while (!this.#isShared(members)) {
      const passedMs = performance.now() - startedMs
      if (passedMs > withinMs) throw new Error(`not settled after ${withinMs} ms\n${report(members)}`)
      await sleep(LOOK_EVERY_MS)
    }
    return performance.now() - startedMs
  }

  /** Until everything that the topic holds was read and committed. Throws for what was skipped. */
  async caughtUp(withinMs: number): Promise<void> {
    const { bootstrap, group, topic } = this.#target
    const admin = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    const startedMs = performance.now()
    try {
      for (;;) {
        const ends = await admin.fetchTopicOffsets(topic)
        const [committed] = await admin.fetchOffsets({ groupId: group, topics: [topic] })
        const next = new Map(
          committed?.partitions.map(({ offset, partition }) => [partition, Number(offset)]),
        )
        const behind = ends.filter(({ high, partition }) => (next.get(partition) ?? -1) !== Number(high))
        if (behind.length === 0) return this.#checkNothingSkipped(next)
        if (performance.now() - startedMs > withinMs) {
          const places = behind.map(
            ({ high, partition }) => `${partition}: committed ${next.get(partition)} of ${high}`,
          )
          throw new Error(`not read after ${withinMs} ms: ${places.join(', ')}\n${report(this.#all)}`)
        }
        await sleep(LOOK_EVERY_MS)
      }
    } finally {
      await admin.disconnect()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const member of this.#all) {
      member.resume()
      await member.end('SIGKILL')
    }
  }

  #isShared(members: readonly GroupMember[]): boolean {
    if (members.some(({ assigned }) => assigned.length === 0)) return false
    const owned = members.flatMap(({ assigned }) => assigned)
    return owned.length === this.#partitionCount && new Set(owned).size === this.#partitionCount
  }

  /** A record may be read twice. None may be committed over without having been read. */
  #checkNothingSkipped(committed: ReadonlyMap<number, number>): void {
    const ranges = this.#all.flatMap(({ read }) => read)
    for (const [partition, end] of committed) {
      let position = 0
      const parts = ranges.filter(([of]) => of === partition).sort(([, one], [, other]) => one - other)
      for (const [, first, last] of parts) {
        if (first > position) throw new Error(`${position} to ${first - 1} of partition ${partition} skipped`)
        position = Math.max(position, last + 1)
      }
      if (position < end) throw new Error(`${position} to ${end - 1} of partition ${partition} never read`)
    }
  }
}

/** What each member owned and read last, and what it complained about. */
function report(members: readonly GroupMember[]): string {
  return members
    .map(
      ({ assigned, complaints, isRunning, name, read }) =>
        `${name}${isRunning ? '' : ' (ended)'}: owns ${assigned.join(' ')}; last read ${JSON.stringify(read.slice(-6))}; ${complaints}`,
    )
    .join('\n')
}
