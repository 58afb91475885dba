import type { PlannedFailure } from '../disk/operation-gate.ts'
import type { LifePlan } from './life-plan.ts'
import type { MomentCounters } from './moments.ts'
import type { Plant } from './plants/plant.ts'
import { runSeed } from './seed-run.ts'

/** What is done to one operation after the other. */
export type Blow = 'crash' | PlannedFailure['code']

export const BLOWS: readonly Blow[] = ['crash', 'EIO', 'ENOSPC', 'EMFILE', 'EACCES', 'short']

/** The life that is struck: the first one makes its files, this one finds them and works on them. */
const STRUCK_LIFE = 2
/** Short lives: every operation of them is struck in each way, each time with all lives around it. */
const STEPS = 12
/** Enough to work with; a bug that strikes everywhere must not run for ever. */
const PROBLEMS_PER_BLOW = 10

export interface StruckOperation {
  readonly atOperation: number
  readonly blow: Blow
  readonly problem: string | null
}

/**
 * Takes one seed without faults of its own, and strikes its second life at one operation after the other: the process
 * dies there, or the operation fails. Chance finds the combinations; this leaves no single operation out.
 */
export async function* strikeEveryOperation(
  seed: number,
  options: { moments: MomentCounters; plant?: Plant | null; blows?: readonly Blow[]; stride?: number },
): AsyncGenerator<StruckOperation> {
  const { moments, plant = null, blows = BLOWS, stride = 1 } = options
  for (const blow of blows) {
    let problemCount = 0
    for (let atOperation = 1; problemCount < PROBLEMS_PER_BLOW; atOperation += stride) {
      let wasReached = false
      const result = await runSeed(seed, {
        moments,
        plant,
        changePlan: (life, plan) =>
          life === STRUCK_LIFE ? struck(plan, atOperation, blow) : untouched(plan),
        onLifeEnd: (life, { operationCount }) => {
          if (life === STRUCK_LIFE) wasReached = operationCount >= atOperation
        },
      })
      yield { atOperation, blow, problem: result.problem }
      if (result.problem !== null) problemCount++
      else if (!wasReached) break
    }
  }
}

function struck(plan: LifePlan, atOperation: number, blow: Blow): LifePlan {
  const steps = Math.min(plan.steps, STEPS)
  if (blow === 'crash') {
    return { steps, end: 'clean', crash: { since: 'start', afterOperations: atOperation }, failure: null }
  }
  return { steps, end: 'clean', crash: null, failure: { atOperation, code: blow } }
}

function untouched(plan: LifePlan): LifePlan {
  return {
    ...plan,
    steps: Math.min(plan.steps, STEPS),
    end: plan.end === 'quiet' ? 'abrupt' : plan.end,
    crash: null,
    failure: null,
  }
}
