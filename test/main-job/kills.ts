/** Kills a broker at random moments and starts it again, until enough has happened. */
import { setTimeout as wait } from 'node:timers/promises'
import type { MillraceProcess } from '../../packages/broker/compat/process/millrace-process.ts'
import type { SeededRandom } from '../seeded-random.ts'

export interface KillOptions {
  readonly atLeast: number
  readonly atMost: number
  /** Kills go on beyond `atLeast` until this is true. */
  readonly isEnough: () => boolean
  readonly random: SeededRandom
}

/** Answers how many kills there were. Each life lasts between 0.2 and 2 seconds, each death up to 0.3. */
export async function killAndRestart(broker: MillraceProcess, options: KillOptions): Promise<number> {
  const { atLeast, atMost, isEnough, random } = options
  let kills = 0
  while (kills < atLeast || (kills < atMost && !isEnough())) {
    await wait(random.between(200, 2000))
    await broker.kill()
    kills += 1
    await wait(random.between(0, 300))
    await broker.restart()
  }
  return kills
}
