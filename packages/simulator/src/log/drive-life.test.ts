import { expect, it } from 'vitest'
import { SimulatedClock } from '../time/simulated-clock.ts'
import { driveLife } from './drive-life.ts'
import { MomentCounters } from './moments.ts'
import { createWorld } from './world.ts'

function newLife() {
  const world = createWorld(1, { moments: new MomentCounters(), plant: null, trace: null })
  const clock = new SimulatedClock({ startMs: 0 })
  return { world, clock, fs: world.disk.boot(clock) }
}

it('takes a life for broken that does something over and over', async () => {
  const life = newLife()
  const again = (): void => void life.clock.after(1, again)
  again()
  await expect(driveLife(new Promise(() => {}), life)).rejects.toThrow(/does not come to an end/)
})

it('takes a life for broken that waits for nothing', async () => {
  await expect(driveLife(new Promise(() => {}), newLife())).rejects.toThrow(/waits for ever/)
})
