import { formatSpread, type Spread, spreadOf } from '../harness/median.ts'

/** How much is measured, and how often. */
export interface LogBenchOptions {
  readonly rounds: number
  /** Of the log in which things are looked up, and behind whose end a reader replays. */
  readonly dataBytes: number
  readonly partitions: number
  readonly isTiny: boolean
}

/** One line of the table: what we reach, beside what it is compared with, from one run. */
export interface LogRow {
  readonly what: string
  readonly goal: string
  readonly ours: string
  readonly reference: string
  readonly ratio: string
  readonly isReached: boolean
}

/** Several lines that need the same data. */
export interface LogBench {
  readonly name: string
  measure(options: LogBenchOptions): Promise<LogRow[]>
}

/** Something that is measured in every round, in turn with the others. Returns one figure. */
export type Side = () => number | Promise<number>

/** A figure per round and side; one more round in front warms up and is not counted. */
export async function alternate(rounds: number, sides: readonly Side[]): Promise<Spread[]> {
  const figures = sides.map((): number[] => [])
  for (let round = -1; round < rounds; round++) {
    for (const [index, side] of sides.entries()) {
      const figure = await side()
      if (round >= 0) figures[index]?.push(figure)
    }
  }
  return figures.map(spreadOf)
}

/** The figure of a side that `alternate` measured. */
export function figureOf(spreads: readonly Spread[], index: number): Spread {
  const spread = spreads[index]
  if (spread === undefined) throw new RangeError(`side ${index} was not measured`)
  return spread
}

/** A line for rates, where more is better: ours over the reference's must be at least `least`. */
export function rateRow(
  what: string,
  rates: { readonly ours: Spread; readonly reference: Spread },
  goal: { readonly least: number; readonly of: string; readonly unit: string; readonly digits?: number },
): LogRow {
  const ratio = rates.ours.median / rates.reference.median
  return {
    what,
    goal: `${goal.least} of ${goal.of}`,
    ours: `${formatSpread(rates.ours, goal.digits ?? 2)} ${goal.unit}`,
    reference: `${formatSpread(rates.reference, goal.digits ?? 2)} ${goal.unit}`,
    ratio: ratio.toFixed(2),
    isReached: ratio >= goal.least,
  }
}

/** The table in Markdown. */
export function formatRows(rows: readonly LogRow[]): string {
  const header = ['what', 'goal', 'ours', 'reference', 'ratio', 'reached']
  const lines = rows.map(({ what, goal, ours, reference, ratio, isReached }) => [
    what,
    goal,
    ours,
    reference,
    ratio,
    isReached ? 'yes' : 'no',
  ])
  return [header, header.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

/** The value that `share` of all are not above. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
