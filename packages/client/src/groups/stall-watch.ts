import type { Cluster } from '../cluster.ts'
import { diagnostics } from '../diagnostics.ts'
import type { Timer } from '../time/clock.ts'
import type { AdaptiveSession } from './adaptive-session.ts'
import type { GroupSettings } from './group-options.ts'
import { decideStall, type Progress, type Stall, type StallReason } from './progress.ts'

/** How often it looks, within the time after which standing still is told. */
const LOOKS_PER_STALL = 4

/** Looks from time to time whether a consumer gets on, and tells once what keeps it, for as long as that lasts. */
export class StallWatch {
  readonly #cluster: Cluster
  readonly #settings: GroupSettings
  readonly #session: AdaptiveSession
  readonly #progress: Progress
  #told: StallReason | null = null
  #timer: Timer | null = null

  constructor(cluster: Cluster, settings: GroupSettings, session: AdaptiveSession, progress: Progress) {
    this.#cluster = cluster
    this.#settings = settings
    this.#session = session
    this.#progress = progress
  }

  start(): void {
    const intervalMs = Math.max(1, this.#settings.stallAfterMs / LOOKS_PER_STALL)
    this.#timer = this.#cluster.settings.clock.after(
      intervalMs,
      () => {
        this.start()
        this.#tell(this.look())
      },
      'background',
    )
  }

  stop(): void {
    this.#timer?.cancel()
  }

  look(): Stall | null {
    const all = this.#session.assignments.all()
    this.#progress.assigned(all.length)
    const failing = all.filter(({ fetch }) => fetch.lastError !== null)
    const standing = {
      assignedCount: all.length,
      inHandCount: all.reduce((count, { tracker }) => count + tracker.inHand, 0),
      fetchError: failing[0]?.fetch.lastError ?? null,
    }
    const { stallAfterMs } = this.#settings
    const nowMs = this.#cluster.settings.clock.monotonicMs()
    return decideStall(standing, this.#progress, { nowMs, stallAfterMs })
  }

  #tell(stall: Stall | null): void {
    const reason = stall?.reason ?? null
    if (reason === this.#told) return
    this.#told = reason
    if (stall === null) return
    const { memberId } = this.#session
    diagnostics.stall({ ...stall, group: this.#settings.group, memberId })
    this.#settings.onStalled(stall)
  }
}
