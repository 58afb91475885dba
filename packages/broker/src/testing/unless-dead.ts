import type { SimulatedClock, SimulatedFileSystem } from '@millrace/simulator'

/** Lets time go on until the promise is settled. Throws when the process dies first: what it waited for never comes. */
export async function unlessDead<T>(
  clock: SimulatedClock,
  { gate }: SimulatedFileSystem,
  pending: Promise<T>,
): Promise<T> {
  let isSettled = false
  const note = (): void => {
    isSettled = true
  }
  pending.then(note, note)
  while (!isSettled) {
    if (gate.isDead) throw new Error('the process died')
    await clock.step()
  }
  return pending
}
