/** One thing to measure. */
export interface MicroTask {
  readonly name: string
  /** What one call of `run` does, so that figures are per record or per call of the thing itself. */
  readonly operations: number
  /** The bytes that one call handles, for a rate in MB/s. */
  readonly bytes?: number
  /** The tasks from here on are compared with this one. */
  readonly isReference?: boolean
  /**
   * Does the work and returns a number that depends on all of it. The number keeps the optimizer from leaving work
   * out, and is printed, so that two runs that measured different work show it.
   */
  run(): number | Promise<number>
  /** Around the calls of each round and not measured: opens what must be fresh, such as files, and closes it. */
  before?(): void | Promise<void>
  after?(): void | Promise<void>
}

/** Several tasks on one subject. */
export interface MicroSuite {
  readonly name: string
  readonly about: string
  /** Prepares the tasks; `isTiny` when they shall only be shown to run. */
  open(options: { readonly isTiny: boolean }): OpenSuite | Promise<OpenSuite>
}

export interface OpenSuite {
  readonly tasks: readonly MicroTask[]
  /** So often is each task called in a round; left out: as often as fits into the round's time. */
  readonly callsPerRound?: number
  close?(): void | Promise<void>
}
