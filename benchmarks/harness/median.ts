/** The middle one of several measurements, with the smallest and the largest. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const [min = Number.NaN] = sorted
  return { median: sorted[sorted.length >> 1] ?? Number.NaN, min, max: sorted.at(-1) ?? Number.NaN }
}

/** `2.61 (2.05-3.90)` */
export function formatSpread({ median, min, max }: Spread, digits = 2): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}-${max.toFixed(digits)})`
}
