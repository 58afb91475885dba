import { formatSpread, spreadOf } from '../harness/median.ts'
import type { BrokerPair, BrokerUnderTest } from './broker-under-test.ts'

/** One figure of a row, and what it is to be against Kafka's. */
export interface Metric {
  readonly key: string
  readonly label: string
  /** In words, as section headings have it: `1.15 times Kafka's`. */
  readonly goal: string
  readonly digits?: number
  /** What the same figure of the machine itself is called, in rows that have one. */
  readonly floorLabel?: string
}

/** Figures of one round, by the keys of the metrics; what cannot be measured on a broker is left out. */
export type Sample = Readonly<Record<string, number>>

export interface RowSettings {
  readonly rounds: number
  /** 1, or a small part of it when the row shall only be shown to run. */
  readonly scale: number
  /** Of the topics in the row about starting; 0 leaves it out. */
  readonly startGigabytes: number
}

/** Something that is measured on both brokers, once in each round. */
export interface Row {
  readonly name: string
  readonly metrics: readonly Metric[]
  /** Figures of the machine itself, in the same round, for whoever the disk is the limit of. */
  readonly floor?: (broker: BrokerUnderTest, settings: RowSettings) => Promise<Sample>
  measure(broker: BrokerUnderTest, topic: string, settings: RowSettings): Promise<Sample>
}

/** A row that brings its own brokers. */
export interface OwnRow {
  readonly name: string
  run(settings: RowSettings): Promise<string[]>
}

/** What every table of this comparison begins with. */
export const TABLE_HEAD = [
  '| median (min-max) | goal | Millrace | Apache Kafka 4.3 | ratio |',
  '|---|---|---|---|---|',
]

/** One line of the table. A sample that is missing leaves its cell empty. */
export function tableLine(
  { digits = 2, goal, label }: Pick<Metric, 'label' | 'goal' | 'digits'>,
  ours: readonly number[],
  theirs: readonly number[],
): string {
  const cell = (values: readonly number[]): string =>
    values.length === 0 ? '' : formatSpread(spreadOf(values), digits)
  const ratio =
    ours.length === 0 || theirs.length === 0
      ? ''
      : (spreadOf(ours).median / spreadOf(theirs).median).toFixed(2)
  return `| ${label} | ${goal} | ${cell(ours)} | ${cell(theirs)} | ${ratio} |`
}

/** The columns of figures that a row has gathered, as lines. */
export class Samples {
  readonly #values = new Map<string, number[]>()

  add(who: keyof BrokerPair | 'floor', sample: Sample): void {
    for (const [key, value] of Object.entries(sample)) {
      const column = `${String(who)} ${key}`
      const values = this.#values.get(column) ?? []
      values.push(value)
      this.#values.set(column, values)
    }
  }

  lines(metrics: readonly Metric[]): string[] {
    const of = (who: string, key: string): number[] => this.#values.get(`${who} ${key}`) ?? []
    return metrics.map((metric) => {
      const line = tableLine(metric, of('millrace', metric.key), of('kafka', metric.key))
      const floor = of('floor', metric.key)
      if (floor.length === 0) return line
      const { digits = 2, floorLabel = 'the machine alone' } = metric
      return `${line}\n${tableLine({ label: floorLabel, goal: '', digits }, floor, [])}`
    })
  }
}
