/** How far a reader may see: `high-watermark` and `last-stable` are for consumers, `log-end` for the log's own work. */
export type ReadLimit = 'high-watermark' | 'last-stable' | 'log-end'

export interface ReadRequest {
  /** The read starts with the batch that contains this offset. Equal to the end it gives an empty slice. */
  readonly offset: number
  /** Whole batches up to this many bytes. */
  readonly maxBytes: number
  /** Gives the first batch whole, even when it alone is above `maxBytes`. */
  readonly isFirstBatchWhole: boolean
  readonly limit: ReadLimit
}

/** Whole batches as they lie on disk, in offset order, and where the log stood when they were read. */
export interface LogSlice {
  /** Views of memory that others read too: never write into them. */
  readonly buffers: readonly Buffer[]
  /**
   * Says that nobody reads `buffers` any more: from then on they may be empty. It need not be called; then the garbage
   * collector finds out by itself, later and at a higher price.
   */
  readonly release: () => void
  readonly sizeBytes: number
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly logStartOffset: number
}

/** The asked offset is not (any more, or not yet) in the log. */
export class OffsetOutOfRangeError extends Error {
  readonly code = 'OFFSET_OUT_OF_RANGE'
  readonly offset: number
  readonly logStartOffset: number
  readonly logEndOffset: number

  constructor(seen: { offset: number; logStartOffset: number; logEndOffset: number }) {
    super(
      `offset ${seen.offset} is not in the log, which holds ${seen.logStartOffset} to ${seen.logEndOffset}`,
    )
    this.name = 'OffsetOutOfRangeError'
    this.offset = seen.offset
    this.logStartOffset = seen.logStartOffset
    this.logEndOffset = seen.logEndOffset
  }
}
