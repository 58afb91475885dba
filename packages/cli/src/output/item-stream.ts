import type { OutputArguments } from '../commands/output-option.ts'
import { escapeLines } from './escape-controls.ts'
import { OutputBuffer } from './output-buffer.ts'

/** How an item is written. */
export interface ItemForms<T> {
  /** For people, with its line feeds; empty for what they need not see. */
  readonly asText: (item: T) => string
  /** One JSON object [default: JSON.stringify]. */
  readonly asJson?: (item: T) => string
}

/** Shows items as they come, in the form that was asked for, without keeping them. */
export class ItemStream<T> {
  readonly #output: OutputArguments['output']
  readonly #forms: ItemForms<T>
  readonly #out: OutputBuffer
  #count = 0

  constructor({ output }: Pick<OutputArguments, 'output'>, forms: ItemForms<T>, out = new OutputBuffer()) {
    this.#output = output
    this.#forms = forms
    this.#out = out
  }

  /** Gathers an item; `flush` writes it. */
  add(item: T): void {
    const { asJson = JSON.stringify, asText } = this.#forms
    switch (this.#output) {
      case 'table':
        this.#out.text(escapeLines(asText(item)))
        break
      case 'ndjson':
        this.#out.text(`${asJson(item)}\n`)
        break
      case 'json':
        this.#out.text(`${this.#count === 0 ? '[' : ',\n'}${asJson(item)}`)
    }
    this.#count++
  }

  /** Writes what was gathered; resolves when the reader has taken it. */
  flush(): Promise<void> {
    return this.#out.flush()
  }

  /** Writes the rest, and ends the JSON document. */
  async end(): Promise<void> {
    if (this.#output === 'json') this.#out.text(this.#count === 0 ? '[]\n' : ']\n')
    await this.flush()
  }
}
