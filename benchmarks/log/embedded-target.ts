import { strict as assert } from 'node:assert'
import { type EmbeddedLog, openLog } from '@millrace/log-core'
import type { AppendTarget, BenchmarkRecord, Durability } from '../micro/append-targets.ts'

/** Our log as a program uses it: `openLog`, then `append` and `appendMany`. */
export class EmbeddedTarget implements AppendTarget {
  readonly #durability: Durability
  #log: EmbeddedLog | null = null

  constructor(durability: Durability) {
    this.#durability = durability
  }

  async open(path: string): Promise<void> {
    this.#log = await openLog(path, { durability: this.#durability })
  }

  async appendMany(records: readonly BenchmarkRecord[]): Promise<number> {
    assert(this.#log !== null)
    return (await this.#log.appendMany(valuesOf(records))).lastOffset
  }

  async append({ value }: BenchmarkRecord): Promise<number> {
    assert(this.#log !== null)
    return (await this.#log.append({ value })).offset
  }

  async close(): Promise<void> {
    await this.#log?.close()
  }
}

/** Values alone, as lmdb gets them; the keys there are what offsets are here. The records have none. */
export function valuesOf(records: readonly BenchmarkRecord[]): readonly { readonly value: Buffer }[] {
  return records as readonly { readonly value: Buffer }[]
}
