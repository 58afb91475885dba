interface Range {
  start: number
  end: number
}

/**
 * Which bytes of a segment this process has already read and found to match their CRC. Readers mostly go forward
 * from some place, so a few ranges that grow and merge say it all.
 */
export class VerifiedRanges {
  /** Ascending, apart from each other. */
  #ranges: Range[] = []

  /** Readers that jump about must not fill memory: then the smallest range is forgotten and checked again. */
  static readonly MAX_RANGES = 64

  has(start: number, end: number): boolean {
    return this.#ranges.some((range) => range.start <= start && end <= range.end)
  }

  add(start: number, end: number): void {
    if (start >= end || this.has(start, end)) return
    const touching = this.#ranges.filter((range) => range.start <= end && start <= range.end)
    const merged = {
      start: Math.min(start, ...touching.map((range) => range.start)),
      end: Math.max(end, ...touching.map((range) => range.end)),
    }
    const apart = this.#ranges.filter((range) => !touching.includes(range))
    this.#ranges = [...apart, merged].sort((a, b) => a.start - b.start)
    if (this.#ranges.length > VerifiedRanges.MAX_RANGES) this.#forgetSmallest()
  }

  clear(): void {
    this.#ranges = []
  }

  #forgetSmallest(): void {
    let smallest = this.#ranges[0]
    for (const range of this.#ranges) {
      if (smallest === undefined || range.end - range.start < smallest.end - smallest.start) smallest = range
    }
    this.#ranges = this.#ranges.filter((range) => range !== smallest)
  }
}
