import { CrashError } from '../disk/crash-error.ts'
import type { SimulatedFileSystem } from '../disk/simulated-file-system.ts'
import type { SimulatedClock } from '../time/simulated-clock.ts'
import { Violation } from './violation.ts'
import type { World } from './world.ts'

/** How `Life.run` ended. What it says after its process died counts for nothing: the log may have told it anything. */
type Ending = { readonly kind: 'done' } | { readonly kind: 'failed'; readonly error: unknown }

/** A life takes some thousands: one that takes so many does something over and over. */
const MOST_STEPS = 100_000

/** Moves time until the life is over or the process is dead. */
export async function driveLife(
  running: Promise<void>,
  { fs, clock, world }: { fs: SimulatedFileSystem; clock: SimulatedClock; world: World },
): Promise<void> {
  const ending = new Promise<Ending>((resolve) => {
    running.then(
      () => resolve({ kind: 'done' }),
      (error: unknown) => resolve(fs.gate.isDead ? { kind: 'done' } : { kind: 'failed', error }),
    )
  })
  let end: Ending | null = null
  void ending.then((reached) => {
    end = reached
  })
  for (let steps = 0; end === null && !fs.gate.isDead; steps++) {
    if (steps > MOST_STEPS) throw new Violation(`does not come to an end: ${MOST_STEPS} steps of the clock`)
    const hasMore = await stepUnlessDead(clock)
    if (world.observed !== null) throw world.observed
    if (!hasMore && end === null && !fs.gate.isDead) {
      throw new Violation('waits for ever: nothing is left to happen')
    }
  }
  throwFailure(end)
}

/** An operation may kill the process within a callback of the clock. */
async function stepUnlessDead(clock: SimulatedClock): Promise<boolean> {
  try {
    return await clock.step()
  } catch (error) {
    if (error instanceof CrashError) return true
    throw error
  }
}

function throwFailure(end: Ending | null): void {
  if (end?.kind === 'failed') throw end.error
}
