/** Kills a broker at random moments and starts it again. */
import { setTimeout as wait } from 'node:timers/promises'
import type { MillraceProcess } from '../../packages/broker/compat/process/millrace-process.ts'
import type { SeededRandom } from '../seeded-random.ts'

export interface KillOptions {
  readonly kills: number
  readonly random: SeededRandom
}

/** Each life lasts between 0.2 and 2 seconds, each death up to 0.3. */
export async function killAndRestart(broker: MillraceProcess, { kills, random }: KillOptions): Promise<void> {
  for (let kill = 0; kill < kills; kill += 1) {
    await wait(random.between(200, 2000))
    await broker.kill()
    await wait(random.between(0, 300))
    await broker.restart()
  }
}
