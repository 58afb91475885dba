import { StorageError } from '@millrace/log-core'

/**
 * Thrown by every operation from the one at which the simulated process dies. To the code under test it is one more
 * broken disk; whoever drives the simulation tells it apart, and asks nothing of a process that has met it.
 */
export class CrashError extends StorageError {
  constructor(path: string) {
    super('EIO', path, `the simulated process is dead (${path})`)
    this.name = 'CrashError'
  }
}
