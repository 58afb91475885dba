import { CoordinatorShard } from '../coordinator-shard.ts'
import type { GroupConfig } from '../group-config.ts'
import type {
  GroupEffect,
  GroupEvent,
  GroupReply,
  GroupTimer,
  PersistedRecord,
  RequestToken,
} from '../group-event.ts'
import type { TopicView } from '../topic-view.ts'
import { checkShard } from './check-shard.ts'
import type { VirtualTime } from './virtual-time.ts'

/**
 * How often the shard is held against what was persisted, beside each time that it is dropped. What differs once goes on
 * differing, so a look now and then sees it; at every step it was a third of all the time.
 */
const STEPS_PER_RELOAD_CHECK = 25

/** Keys whose tombstones bury a whole group, classic or KIP-848. */
const GROUP_KEYS = new Set([2, 3])

/** Which of its lives a group answered from. */
export interface Life {
  /** Rises whenever the shard was loaded anew. */
  readonly incarnation: number
  /** Rises whenever the group was buried: it begins again with generation 0. */
  readonly burials: number
}

/** What a client gets: an answer, or a connection that broke. */
export type Delivered =
  | { readonly kind: 'reply'; readonly reply: GroupReply; readonly life: Life }
  | { readonly kind: 'lost' }

interface Asker {
  readonly deliver: (delivered: Delivered) => void
}

interface Faults {
  /** Chance that an append fails, so that the shard is dropped. */
  readonly appendFails: number
  readonly appendMs: readonly [min: number, max: number]
}

/** How often each interesting moment was reached: one that stays at zero was not tested. */
export interface CoordinatorCounts {
  steps: number
  crashes: number
  failedAppends: number
  lostRecords: number
  timersFired: number
}

/**
 * A shard and the driver's duties in virtual time: appends take a while and may fail, a crash loses what was not
 * durable, replies wait for the records before them. After every step the shard is held against its invariants.
 */
export class SimulatedCoordinator {
  readonly counts: CoordinatorCounts = {
    steps: 0,
    crashes: 0,
    failedAppends: 0,
    lostRecords: 0,
    timersFired: 0,
  }
  faults: Faults = { appendFails: 0, appendMs: [0, 5] }
  #incarnation = 0
  #burials = 0
  readonly #time: VirtualTime
  readonly #config: GroupConfig
  readonly #topics: TopicView
  #durable: PersistedRecord[] = []
  #shard: CoordinatorShard | null
  #shadow: CoordinatorShard
  /** By step: a batch holds the records of whole steps. */
  #queued: PersistedRecord[][] = []
  #isAppending = false
  #queuedCount = 0
  #durableCount = 0
  #waiting: { sequence: number; token: RequestToken; reply: GroupReply }[] = []
  readonly #askers = new Map<RequestToken, Asker>()
  readonly #timers = new Map<GroupTimer, number>()
  #lastToken = 0
  #lastUuid = 0
  #timerSerial = 0

  constructor(time: VirtualTime, config: GroupConfig, topics: TopicView) {
    this.#time = time
    this.#config = config
    this.#topics = topics
    this.#shard = this.#newShard()
    this.#shadow = this.#newShard()
  }

  get shard(): CoordinatorShard | null {
    return this.#shard
  }

  ask(event: (token: RequestToken) => GroupEvent, deliver: (delivered: Delivered) => void): void {
    if (this.#shard === null) {
      deliver({ kind: 'lost' })
      return
    }
    const token = ++this.#lastToken as RequestToken
    this.#askers.set(token, { deliver })
    this.#step(event(token))
  }

  notify(event: GroupEvent): void {
    if (this.#shard !== null) this.#step(event)
  }

  /** Of the steps whose records were on their way to the log the first may have arrived, each in full. Nobody is told. */
  crash(): void {
    this.counts.crashes++
    const kept = this.#time.prng.between(0, this.#queued.length)
    this.counts.lostRecords += this.#queued.slice(kept).flat().length
    this.#durable.push(...this.#queued.slice(0, kept).flat())
    this.#drop()
  }

  #drop(): void {
    this.#checkReload()
    this.#incarnation++
    this.#shard = null
    this.#queued = []
    this.#isAppending = false
    this.#queuedCount = 0
    this.#durableCount = 0
    this.#waiting = []
    this.#timers.clear()
    const askers = [...this.#askers.values()]
    this.#askers.clear()
    for (const { deliver } of askers) deliver({ kind: 'lost' })
    const incarnation = this.#incarnation
    this.#time.after(this.#time.prng.between(0, 300), () => {
      if (incarnation !== this.#incarnation) return
      this.#shard = this.#newShard()
      this.#shadow = this.#newShard()
      const written = this.#durable
      this.#durable = compacted(written)
      for (const { key, value } of this.#durable) this.#shard.replay(key, value)
      for (const { key, value } of written) this.#shadow.replay(key, value)
      this.#step({ kind: 'loaded' })
      this.#checkReload()
    })
  }

  #checkReload(): void {
    if (this.#shard === null) return
    checkShard(this.#shard, { timers: this.#timers, shadow: this.#shadow, isReloadChecked: true })
  }

  #newShard(): CoordinatorShard {
    return new CoordinatorShard({
      config: this.#config,
      topics: this.#topics,
      newUuid: () => `${++this.#lastUuid}`,
    })
  }

  #step(event: GroupEvent): void {
    const shard = this.#shard
    if (shard === null) return
    this.counts.steps++
    const effects = shard.step(event, this.#time.nowMs)
    const records = effects.flatMap((effect) => (effect.kind === 'persist' ? [effect.record] : []))
    if (records.length > 0) this.#persist(records)
    for (const effect of effects) this.#perform(effect)
    const isReloadChecked = this.counts.steps % STEPS_PER_RELOAD_CHECK === 0
    checkShard(shard, { timers: this.#timers, shadow: this.#shadow, isReloadChecked })
  }

  #persist(records: PersistedRecord[]): void {
    for (const { key, value } of records) {
      if (value === null && GROUP_KEYS.has(key.readInt16BE(0))) this.#burials++
      this.#shadow.replay(key, value)
    }
    this.#queued.push(records)
    this.#queuedCount += records.length
    if (!this.#isAppending) this.#append()
  }

  #append(): void {
    this.#isAppending = true
    const incarnation = this.#incarnation
    const [minMs, maxMs] = this.faults.appendMs
    this.#time.after(this.#time.prng.between(minMs, maxMs), () => {
      if (incarnation !== this.#incarnation) return
      if (this.#time.prng.chance(this.faults.appendFails)) {
        this.counts.failedAppends++
        this.#drop()
        return
      }
      const appended = this.#queued.splice(0).flat()
      this.#durableCount += appended.length
      this.#durable.push(...appended)
      this.#isAppending = false
      this.#release()
    })
  }

  #release(): void {
    const ready = this.#waiting.filter(({ sequence }) => sequence <= this.#durableCount)
    this.#waiting = this.#waiting.filter(({ sequence }) => sequence > this.#durableCount)
    for (const { reply, token } of ready) this.#deliver(token, reply)
  }

  #deliver(token: RequestToken, reply: GroupReply): void {
    const asker = this.#askers.get(token)
    if (asker === undefined) throw new Error('a request was answered twice')
    this.#askers.delete(token)
    asker.deliver({ kind: 'reply', reply, life: { incarnation: this.#incarnation, burials: this.#burials } })
  }

  #perform(effect: GroupEffect): void {
    switch (effect.kind) {
      case 'persist':
        break
      case 'reply':
        if (this.#queuedCount === this.#durableCount) this.#deliver(effect.token, effect.reply)
        else this.#waiting.push({ sequence: this.#queuedCount, token: effect.token, reply: effect.reply })
        break
      case 'arm-timer':
        this.#arm(effect.timer, effect.delayMs)
        break
      case 'cancel-timer':
        this.#timers.delete(effect.timer)
        break
    }
  }

  #arm(timer: GroupTimer, delayMs: number): void {
    const serial = ++this.#timerSerial
    this.#timers.set(timer, serial)
    this.#time.after(delayMs, () => {
      if (this.#timers.get(timer) !== serial) return
      this.#timers.delete(timer)
      this.counts.timersFired++
      this.#step({ kind: 'timer-fired', timer })
    })
  }
}

/** As the log's cleaner leaves it: the last record of each key, in its place. */
function compacted(records: readonly PersistedRecord[]): PersistedRecord[] {
  const lastOfKey = new Map<string, PersistedRecord>()
  for (const record of records) {
    const key = record.key.toString('latin1')
    // A key that comes again belongs behind whatever was written since.
    lastOfKey.delete(key)
    lastOfKey.set(key, record)
  }
  return [...lastOfKey.values()]
}
