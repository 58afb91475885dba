import type { RecordInput } from '@millrace/record-batch'

/** Numbers that look random and are the same in every run (Numerical Recipes' generator). */
export function seededNumbers(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** What the records of a benchmark look like. */
export interface RecordShape {
  readonly count: number
  readonly valueBytes: number
  readonly hasKeys?: boolean
}

const FIRST_TIMESTAMP_MS = 1_700_000_000_000

/** Records with values like lines of JSON, so that codecs have something to do, and keys of 12 bytes. */
export function makeRecords({ count, valueBytes, hasKeys = true }: RecordShape): (RecordInput & {
  readonly key: Buffer | null
  readonly value: Buffer
})[] {
  const next = seededNumbers(count)
  return Array.from({ length: count }, (_, index) => ({
    key: hasKeys ? Buffer.from(`key-${String(next(10_000)).padStart(8, '0')}`) : null,
    value: makeValue(index, valueBytes, next),
    timestampMs: FIRST_TIMESTAMP_MS + index,
  }))
}

function makeValue(index: number, valueBytes: number, next: (below: number) => number): Buffer {
  let text = `{"row":${index}`
  while (text.length < valueBytes) text += `,"delay":${next(500)},"origin":"${'SFOLAXJFKORD'.slice(next(9))}"`
  return Buffer.from(text.slice(0, valueBytes))
}
