/** Thrown by every operation from the one at which the simulated process dies. Never a StorageError: nobody may handle it. */
export class CrashError extends Error {
  constructor() {
    super('the simulated process is dead')
    this.name = 'CrashError'
  }
}
