import type { GroupEvent, GroupReply, RequestOrigin, RequestToken } from '../group-event.ts'
import type { AssignmentLedger } from './assignment-ledger.ts'
import type { Delivered, Life, SimulatedCoordinator } from './simulated-coordinator.ts'
import type { VirtualTime } from './virtual-time.ts'

/** The group and the topic that every simulated consumer is about. */
export const SIMULATED_GROUP = 'simulated'
export const SIMULATED_TOPIC = 'topic'

export interface ConsumerTraits {
  readonly name: string
  readonly protocol: 'classic' | 'consumer'
  readonly groupInstanceId: string | null
  readonly joinVersion: number
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  /** Of the classic protocol. */
  readonly protocols: readonly string[]
  /** By a pattern instead of by name, which only the consumer protocol can. */
  readonly usesRegex: boolean
}

export interface ConsumerWorld {
  readonly time: VirtualTime
  readonly coordinator: SimulatedCoordinator
  readonly ledger: AssignmentLedger
  /** Of the topic, as it is now. */
  partitionCount: number
  /** Longest delay of a message, each way. */
  maxDelayMs: number
  /** Chance that a connection breaks instead of carrying a message. */
  lossChance: number
}

/** What every simulated consumer can do, whichever protocol it speaks. */
export interface Participant {
  readonly traits: ConsumerTraits
  readonly isGone: boolean
  readonly memberId: string
  /** The partitions that it believes to own. */
  readonly partitions: readonly number[]
  /** Whether it is a member, and has nothing under way. `epoch`: the group's, or its generation. */
  isSettled(epoch: number): boolean
  join(): void
  leave(): void
  /** SIGKILL: nobody hears of it any more. */
  vanish(): void
  /** SIGSTOP: everything that reaches it meanwhile is dealt with afterwards. */
  freeze(durationMs: number): void
  /** It subscribes to something else. */
  resubscribe(): void
}

/**
 * A client's connection: messages in order, with delays; it may break, and then what was under way does not arrive
 * after what the next connection carries. It freezes with its client.
 */
export class SimulatedLine {
  readonly #world: ConsumerWorld
  readonly #clientId: string
  readonly #onBroken: () => void
  #connection = 0
  #freeAtMs = 0
  #frozenUntilMs = 0

  constructor(world: ConsumerWorld, clientId: string, onBroken: () => void) {
    this.#world = world
    this.#clientId = clientId
    this.#onBroken = onBroken
  }

  ask(
    apiVersion: number,
    event: (token: RequestToken, origin: RequestOrigin) => GroupEvent,
    answered: (reply: GroupReply, life: Life) => void,
  ): void {
    const { coordinator, time } = this.#world
    const origin = { apiVersion, clientId: this.#clientId, clientHost: '/127.0.0.1' }
    const connection = this.#connection
    const lost = () => this.later(time.prng.between(1, 500), () => this.#broken(connection))
    this.#freeAtMs = Math.max(this.#freeAtMs, time.nowMs + time.prng.between(0, this.#world.maxDelayMs))
    time.after(this.#freeAtMs - time.nowMs, () => {
      if (connection !== this.#connection) return
      if (time.prng.chance(this.#world.lossChance)) {
        lost()
        return
      }
      const deliver = (delivered: Delivered): void => {
        if (delivered.kind === 'lost' || time.prng.chance(this.#world.lossChance)) lost()
        else
          this.later(time.prng.between(0, this.#world.maxDelayMs), () =>
            answered(delivered.reply, delivered.life),
          )
      }
      coordinator.ask((token) => event(token, origin), deliver)
    })
  }

  freeze(durationMs: number): void {
    this.#frozenUntilMs = this.#world.time.nowMs + durationMs
  }

  /** After a while, and not before it thaws. */
  later(delayMs: number, run: () => void): void {
    const { time } = this.#world
    const untilThawMs = Math.max(0, this.#frozenUntilMs - time.nowMs)
    time.after(Math.max(delayMs, untilThawMs), () => {
      if (this.#frozenUntilMs > time.nowMs) this.later(0, run)
      else run()
    })
  }

  #broken(connection: number): void {
    if (connection !== this.#connection) return
    this.#connection++
    this.#onBroken()
  }
}
