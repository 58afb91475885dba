import { terminalColumns, writeNote } from '../terminal.ts'

const UPDATE_MS = 200
const BAR_COLUMNS = 24
const TAKE_BACK = '\r\x1b[K'

/** A line on a terminal that is written over until it is taken back, also when what it tells of fails. */
export class StatusLine implements Disposable {
  readonly #isShown: boolean
  #shownMs = 0
  #isThere = false

  /** `isShown`: whether somebody looks; without that nothing is ever written. */
  constructor(isShown: boolean) {
    this.#isShown = isShown
  }

  get isShown(): boolean {
    return this.#isShown
  }

  /** Shows a text, if the last one has been there for long enough to be read. */
  show(nowMs: number, text: () => string): void {
    if (!this.#isShown || nowMs - this.#shownMs < UPDATE_MS) return
    this.#shownMs = nowMs
    this.#isThere = true
    // A line that wraps could not be taken back.
    writeNote(`${TAKE_BACK}${text().slice(0, terminalColumns() - 1)}`)
  }

  /** Puts a line there that stays. */
  end(text: string): void {
    if (!this.#isShown) return
    this[Symbol.dispose]()
    writeNote(`${text}\n`)
  }

  [Symbol.dispose](): void {
    if (this.#isThere) writeNote(TAKE_BACK)
    this.#isThere = false
  }
}

/** `[=====>    ] 52%` */
export function progressBar(part: number): string {
  const done = Math.min(1, part)
  const filled = Math.round(done * BAR_COLUMNS)
  const bar = `${'='.repeat(Math.max(0, filled - 1))}${filled > 0 ? '>' : ''}`.padEnd(BAR_COLUMNS)
  return `[${bar}] ${Math.floor(done * 100)}%`
}
