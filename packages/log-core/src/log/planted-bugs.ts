/**
 * Bugs that a simulation switches on, to see whether its checker finds them: those that cannot be told as a disk that
 * misbehaves. Each turns off one line that keeps a promise. Nothing but a simulation ever sets one.
 */
export interface PlantedBugs {
  /** The leader epoch is not raised after an unclean stop. */
  readonly keepsEpoch?: boolean
  /** A start knows no producer. */
  readonly forgetsProducers?: boolean
  /** Consumers see batches that have to be synced first. */
  readonly showsUnsynced?: boolean
}
