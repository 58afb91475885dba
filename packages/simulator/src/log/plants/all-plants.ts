import type { Plant } from './plant.ts'
import { RECOVERY_PLANTS } from './recovery-plants.ts'
import { SWAP_PLANTS } from './swap-plants.ts'
import { SYNC_PLANTS } from './sync-plants.ts'
import { WRITE_PLANTS } from './write-plants.ts'

/** Every planted bug. Each has to be found within 500 seeds, or the checker is not worth its name. */
export const ALL_PLANTS: readonly Plant[] = [
  ...SYNC_PLANTS,
  ...RECOVERY_PLANTS,
  ...WRITE_PLANTS,
  ...SWAP_PLANTS,
]

export function plantNamed(name: string): Plant | undefined {
  return ALL_PLANTS.find((plant) => plant.name === name)
}
