/** What recovery knows about the end of a log's last segment after walking its batches. */
export interface TailFacts {
  /** How the walk ended: at the end of the file, in a batch that the file's end cuts short, or at something else. */
  readonly scanEnd: 'end' | 'cut-off' | 'broken'
  /** The first byte that is not part of a good batch lies below what a sync is known to have covered. */
  readonly isBelowSynced: boolean
  /** A good batch of this log ends more than W behind that byte. */
  readonly isGoodBatchBeyondWindow: boolean
  /** The machine has restarted since the last mark, so the page cache, and what was only there, is gone. */
  readonly hasMachineRestarted: boolean
}

export type TailDecision =
  | { readonly kind: 'keep' }
  | { readonly kind: 'cut' }
  | { readonly kind: 'refuse'; readonly reason: string }

/**
 * Decides what to do with a log's end after an unclean stop. Pure: the caller does the work.
 *
 * A crash can damage only what no sync has covered. Anything else is rot, and cutting there would silently drop
 * acknowledged records: the partition is refused, and an operator looks.
 */
export function decideTail(facts: TailFacts): TailDecision {
  // Also when the file simply ends there: synced bytes do not vanish in a crash.
  if (facts.isBelowSynced) return refuse('bytes that a sync had covered are damaged or gone')
  if (facts.scanEnd === 'end') return { kind: 'keep' }
  // Unsynced pages reach the disk in any order, but never more than W of them.
  if (facts.isGoodBatchBeyondWindow)
    return refuse('a good batch lies further behind the damage than a crash can reach')
  // The page cache survived, so every byte that was written is there: only the last write can be cut short.
  if (!facts.hasMachineRestarted && facts.scanEnd !== 'cut-off') {
    return refuse('the machine has not restarted since these bytes were written, so no crash damaged them')
  }
  return { kind: 'cut' }
}

function refuse(reason: string): TailDecision {
  return { kind: 'refuse', reason }
}
