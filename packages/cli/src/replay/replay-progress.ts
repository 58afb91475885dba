import type { Client, ReadFrom, ReadUntil } from '@millrace/client'
import { progressBar, StatusLine } from '../output/status-line.ts'
import { formatCount, formatTime } from '../output/units.ts'

/** Shows on a terminal where in history a replay is. */
export class ReplayProgress implements Disposable {
  readonly #client: Client
  readonly #topic: string
  readonly #line: StatusLine
  #total = 0
  #sent = 0
  #all = 0

  /** `isShown`: whether somebody looks. */
  constructor(client: Client, topic: string, isShown: boolean) {
    this.#client = client
    this.#topic = topic
    this.#line = new StatusLine(isShown)
  }

  /** Counts what there is to do; only where somebody looks. */
  async begin(from: ReadFrom, until: ReadUntil): Promise<void> {
    this.#sent = 0
    if (!this.#line.isShown) return
    await using reader = this.#client.read(this.#topic, { from, until })
    const ranges = await reader.ranges()
    this.#total = ranges.reduce((sum, { start, end }) => sum + Math.max(0, end - start), 0)
  }

  /** So many more were sent; the last of them was from that moment. */
  add(records: number, timeMs: number): void {
    this.#sent += records
    this.#all += records
    this.#line.show(performance.now(), () => {
      const part = this.#total === 0 ? 0 : this.#sent / this.#total
      return `${progressBar(part)} ${formatTime(timeMs)} ${this.#sent.toLocaleString('en')} records`
    })
  }

  /** One line that stays. */
  end(): void {
    this.#line.end(`${formatCount(this.#all, 'record')} replayed`)
  }

  [Symbol.dispose](): void {
    this.#line[Symbol.dispose]()
  }
}
