import type { PlannedFailure } from '../disk/operation-gate.ts'
import type { Prng } from '../prng.ts'
import type { Shape } from './shape.ts'

/** What happens to one process, decided before it starts. */
export interface LifePlan {
  readonly steps: number
  /** How it ends when nothing kills it. */
  readonly end: 'abrupt' | 'quiet' | 'clean'
  readonly crash: PlannedCrash | null
  readonly failure: PlannedFailure | null
}

/** When a process dies: at an operation counted from its start, or from the moment when it begins to serve. */
export interface PlannedCrash {
  readonly since: 'start' | 'serving'
  readonly afterOperations: number
}

/**
 * One fault at a time: a process that meets a failing operation is left alive, to see what it makes of it, and rot
 * comes over a directory at rest.
 */
export function planLife(prng: Prng, { stepsPerLife, fault }: Shape): LifePlan {
  const hasFault = fault !== 'none' && prng.chance(0.6)
  const plan = { steps: stepsPerLife, crash: hasFault ? null : drawCrash(prng), failure: null }
  if (!hasFault) return { ...plan, end: prng.pick(['abrupt', 'abrupt', 'clean']) }
  if (fault === 'rot') return { ...plan, end: prng.pick(['quiet', 'quiet', 'clean']) }
  return { ...plan, end: prng.pick(['abrupt', 'clean']), failure: drawFailure(prng) }
}

/** The life that has to find everything. */
export function lastLifePlan(): LifePlan {
  return { steps: 4, end: 'clean', crash: null, failure: null }
}

/** Recovery has many operations and serving has the interesting ones, so each gets its share. */
function drawCrash(prng: Prng): PlannedCrash {
  const since = prng.chance(0.4) ? 'start' : 'serving'
  return { since, afterOperations: prng.between(1, prng.pick([20, 60, 150])) }
}

/**
 * Any operation, or the next write or sync behind one: those are where a log has to be careful. The first operations
 * of a process are its start, so most failures come later.
 */
function drawFailure(prng: Prng): PlannedFailure {
  const atOperation = prng.between(1, prng.pick([60, 150, 150, 300]))
  const target = prng.below(4)
  if (target === 0) return { atOperation, kinds: ['sync', 'sync-end'], code: prng.pick(['EIO', 'ENOSPC']) }
  if (target === 1) return { atOperation, kinds: ['append'], code: prng.pick(['EIO', 'ENOSPC', 'short']) }
  return { atOperation, code: prng.pick(['EIO', 'ENOSPC', 'EMFILE', 'EACCES', 'short']) }
}
