/**
 * The moments that a simulation has to reach to be worth something. A run over many seeds in which one of them never
 * happened has proved less than it says, and fails.
 */
export const MOMENTS = [
  'power failed',
  'process was killed',
  'crash in the first start',
  'crash in recovery',
  'crash in recovery after a crash in recovery',
  'crash in a roll',
  'crash in retention',
  'crash in compaction',
  'crash in a swap',
  'crash in the recovery of a swap',
  'crash in a clean shutdown',
  'crash with a sync in flight',
  'crash in the middle of a write',
  'power failed after a clean shutdown',
  'torn tail was cut',
  'hole before a whole batch was cut',
  'unsynced acks=1 suffix was lost',
  'visible record was lost and its epoch told so',
  'duplicate answered in the same life',
  'duplicate answered after a crash',
  'lost batch sent again and appended',
  'sequence gap refused after a loss',
  'queue was full',
  'disk was full and healed',
  'log went offline and was opened again in the same life',
  'open failed and worked the second time',
  'damaged partition was refused',
  'rot was detected by a read',
  'rot made the directory be refused',
  'records were removed by retention',
  'records were removed by request',
  'read from disk',
  'unsynced bytes reached half of W',
] as const

export type Moment = (typeof MOMENTS)[number]

/** How often each moment was reached. */
export class MomentCounters {
  readonly #counts = new Map<Moment, number>()

  reach(moment: Moment): void {
    this.#counts.set(moment, this.countOf(moment) + 1)
  }

  countOf(moment: Moment): number {
    return this.#counts.get(moment) ?? 0
  }

  missing(): Moment[] {
    return MOMENTS.filter((moment) => this.countOf(moment) === 0)
  }
}
