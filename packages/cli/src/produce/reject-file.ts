import { FileAppender } from '../files.ts'
import type { InputUnit, UnitSplitter } from './input-units.ts'

/**
 * Where units go that are no records: as they stood in the input, so that they can be mended and sent again the same way,
 * with a header where the input has one.
 */
export class RejectFile {
  readonly path: string
  readonly #file: FileAppender
  #count = 0

  constructor(path: string) {
    this.path = path
    this.#file = new FileAppender(path)
  }

  /** Units that were put here. */
  get count(): number {
    return this.#count
  }

  add({ source }: InputUnit, splitter: UnitSplitter): void {
    if (splitter.head !== null && this.#file.isEmpty) this.#file.append(splitter.asInput(splitter.head))
    this.#file.append(splitter.asInput(source))
    this.#count++
  }

  close(): void {
    this.#file.close()
  }
}
