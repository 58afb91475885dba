import type { Clock } from '@millrace/log-core'
import type { ClientQuotas as EntityQuotas } from '../cluster/catalog-state.ts'
import { KeyedLock } from '../cluster/keyed-lock.ts'
import type { TopicCatalog } from '../cluster/topic-catalog.ts'
import { entityKey, type QuotaEntity, type QuotaKey, type QuotaValues } from './quota-entity.ts'
import { type RateWindows, SampledRate } from './sampled-rate.ts'

/** Who uses something, as quotas see it. */
export interface QuotaUser {
  /** `ANONYMOUS` where nobody logs in. */
  readonly user: string
  readonly clientId: string
}

export interface ClientQuotasOptions {
  readonly catalog: TopicCatalog
  readonly clock: Clock
  readonly windows: RateWindows
}

/** Rates that are remembered: client ids come from outside, and each may be another one. */
const MAX_RATES = 10_000
/** What the field of an answer holds: 24 days. */
const MAX_THROTTLE_MS = 2 ** 31 - 1

/**
 * Quotas by user and client id (KIP-13, KIP-124, KIP-219): what is used is measured, and whoever uses more than its quota
 * is told how long to wait. Without any quota nothing is measured.
 */
export class ClientQuotas {
  readonly #options: ClientQuotasOptions
  readonly #locks = new KeyedLock()
  #byEntity = new Map<string, QuotaValues>()
  /** By quota and by whom it is counted for, in order of first use. */
  readonly #rates = new Map<string, SampledRate>()

  constructor(options: ClientQuotasOptions) {
    this.#options = options
    this.#refresh()
  }

  /** Whether there is any quota at all. */
  get isActive(): boolean {
    return this.#byEntity.size > 0
  }

  /** Counts what was used. Returns for how long the user must be held up, in ms; 0: within the quota. */
  record(key: QuotaKey, user: QuotaUser, amount: number): number {
    const found = this.#find(key, user)
    if (found === null) return 0
    const nowMs = this.#options.clock.monotonicMs()
    const rate = this.#rateOf(`${key} ${found.sharedBy}`, nowMs)
    rate.record(amount, nowMs)
    return this.#throttleMs(key, rate.excessMs(found.quota, nowMs))
  }

  /** For how long the user must still be held up for what was used before. */
  excessMs(key: QuotaKey, user: QuotaUser): number {
    const found = this.#find(key, user)
    if (found === null) return 0
    const rate = this.#rates.get(`${key} ${found.sharedBy}`)
    if (rate === undefined) return 0
    return this.#throttleMs(key, rate.excessMs(found.quota, this.#options.clock.monotonicMs()))
  }

  /** Durable and in effect when it resolves. `change` is asked when everything before it has been done. */
  change(change: () => readonly EntityQuotas[]): Promise<void> {
    return this.#locks.run('quotas', async () => {
      const changes = change()
      if (changes.length === 0) return
      await this.#options.catalog.replaceClientQuotas(changes)
      this.#refresh()
    })
  }

  #refresh(): void {
    this.#byEntity = new Map(
      Array.from(this.#options.catalog.clientQuotas(), ({ entity, values }) => [entityKey(entity), values]),
    )
  }

  /** The quota that counts, and the name of those who share it: Kafka's order of precedence (KIP-55). */
  #find(key: QuotaKey, { user, clientId }: QuotaUser): { quota: number; sharedBy: string } | null {
    const both = JSON.stringify([user, clientId])
    const ofUser = JSON.stringify([user])
    const candidates: [QuotaEntity, string][] = [
      [{ user, 'client-id': clientId }, both],
      [{ user, 'client-id': null }, both],
      [{ user }, ofUser],
      [{ user: null, 'client-id': clientId }, both],
      [{ user: null, 'client-id': null }, both],
      [{ user: null }, ofUser],
      [{ 'client-id': clientId }, JSON.stringify([null, clientId])],
      [{ 'client-id': null }, JSON.stringify([null, clientId])],
    ]
    for (const [entity, sharedBy] of candidates) {
      const quota = this.#byEntity.get(entityKey(entity))?.[key]
      if (quota !== undefined) return { quota, sharedBy }
    }
    return null
  }

  #rateOf(name: string, nowMs: number): SampledRate {
    const known = this.#rates.get(name)
    if (known !== undefined) return known
    if (this.#rates.size >= MAX_RATES) {
      const oldest = this.#rates.keys().next().value
      if (oldest !== undefined) this.#rates.delete(oldest)
    }
    const rate = new SampledRate(this.#options.windows, nowMs)
    this.#rates.set(name, rate)
    return rate
  }

  /**
   * Request time is held up for one window at most, as in Kafka: the loop is free again soon. Bytes take as long as they
   * take: with a bound, whoever sends enough in one request has more than its quota.
   */
  #throttleMs(key: QuotaKey, excessMs: number): number {
    const mostMs = key === 'request_percentage' ? this.#options.windows.lengthMs : MAX_THROTTLE_MS
    return Math.min(Math.ceil(excessMs), mostMs)
  }
}
