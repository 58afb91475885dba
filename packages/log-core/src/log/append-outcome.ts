/**
 * How sure an append wants to be before it counts as committed: in the page cache (`written`, survives the process;
 * acks=1) or on stable storage (`synced`, survives the machine; acks=all).
 */
export type Durability = 'written' | 'synced'

export interface AppendOptions {
  readonly durability: Durability
  /**
   * Whether producer ids, epochs and sequences are checked (the default). Off for what this process writes about
   * others, as transaction markers are.
   */
  readonly isFromClient?: boolean
  /**
   * Whether nobody else will look into the memory behind the batch (all of its `ArrayBuffer`) any more, whatever the
   * outcome: the log gives it back as soon as it is done with it. Off by default: the garbage collector sees to it.
   */
  readonly ownsMemory?: boolean
}

/** Why an append was refused. Nothing of it was written and nothing changed. */
export type AppendRejection =
  /** Not the sequence that follows this producer's last batch, nor one of its last five. */
  | 'out-of-order-sequence'
  /** A newer epoch of this producer has written here. */
  | 'invalid-producer-epoch'
  /** The log is offline after a disk error: `PartitionLog.error` says which. */
  | 'offline'
  /** The disk was full at the last write and still is. Reads go on; heals by itself. */
  | 'disk-full'
  /** Too many bytes wait for the disk already: wait for `PartitionLog.whenRoom()` and try again. */
  | 'queue-full'
  /** The log was closed. */
  | 'closed'

/**
 * What became of one batch. `committed` is shared by all appends of one group and resolves when the batch is as
 * durable as was asked for; it rejects with a StorageError when that can no longer happen. Offsets are assigned at
 * once, so appends may go on without waiting for it.
 */
export type AppendOutcome =
  | {
      readonly kind: 'appended'
      readonly baseOffset: number
      readonly lastOffset: number
      /** -1 unless the log stamps LogAppendTime. */
      readonly logAppendTimeMs: number
      readonly committed: Promise<void>
    }
  /** One of the producer's last five batches came again: its original offsets. Nothing was written. */
  | {
      readonly kind: 'duplicate'
      readonly baseOffset: number
      readonly lastOffset: number
      readonly logAppendTimeMs: number
      readonly committed: Promise<void>
    }
  | { readonly kind: 'rejected'; readonly reason: AppendRejection; readonly message: string }
