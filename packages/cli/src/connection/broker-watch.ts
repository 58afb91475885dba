import type { Client } from '@millrace/client'
import { StatusLine } from '../output/status-line.ts'

const LOOK_MS = 500

/** Says on a terminal that no broker answers, while a command waits for records that cannot come, and takes it back. */
export class BrokerWatch implements Disposable {
  readonly #client: Pick<Client, 'counters'>
  readonly #line: StatusLine
  readonly #timer: NodeJS.Timeout
  #last: ReturnType<Client['counters']>

  /** `isShown`: whether somebody looks. */
  constructor(client: Pick<Client, 'counters'>, isShown: boolean) {
    this.#client = client
    this.#line = new StatusLine(isShown)
    this.#last = client.counters()
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref()
  }

  /** Makes room for what is about to be written. */
  hide(): void {
    this.#line[Symbol.dispose]()
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    this.hide()
  }

  #look(): void {
    const last = this.#last
    const now = this.#client.counters()
    this.#last = now
    // Between two attempts, which come further and further apart, nothing is known: what was said stands.
    if (now.connectionsOpened > last.connectionsOpened) this.hide()
    else if (now.connectionsFailed > last.connectionsFailed) {
      this.#line.show(performance.now(), () => 'no broker answers: trying again until one does')
    }
  }
}
