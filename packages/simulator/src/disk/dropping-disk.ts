import type { Clock } from '@millrace/log-core'
import { Prng } from '../prng.ts'
import { SimulatedDisk } from './simulated-disk.ts'
import type { SimulatedFileSystem } from './simulated-file-system.ts'

/** A machine for a broker in this process and in real time, whose power can be cut. */
export interface DroppingDisk {
  /** The file system of the next process. The one before must be dead. */
  boot(): SimulatedFileSystem
  /**
   * Drops every byte and every name that no sync has covered, as if the power had failed. Whoever still works with the
   * last file system gets an EIO for everything from now on, and its syncs never end.
   */
  cutPower(): void
}

/** Nothing of it is random: what was synced stays, all else goes. Syncs take no longer than `clock` makes them. */
export function droppingDisk(clock: Clock): DroppingDisk {
  const disk = new SimulatedDisk(new Prng(0), { powerLoss: 'drop-all', syncMs: { least: 0, most: 0 } })
  return { boot: () => disk.boot(clock), cutPower: () => disk.crash('power') }
}
