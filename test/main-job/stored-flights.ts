/** What stands in the topic in the end, read by `millrace tail` and held against the truth. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { LAUNCHER } from '../../packages/broker/compat/process/millrace-process.ts'

export interface StoredFlight {
  readonly partition: number
  readonly offset: number
  readonly timestampMs: number
  readonly key: string
  readonly row: number
}

/** Runs `millrace tail TOPIC ARGS --no-follow` and yields what it prints. */
export async function* tailFlights(
  bootstrap: string,
  topic: string,
  args: readonly string[],
): AsyncGenerator<StoredFlight> {
  const format = ['-f', '%p\\t%o\\t%T\\t%k\\t%v\\n']
  const child = spawn(
    process.execPath,
    [LAUNCHER, 'tail', topic, '--no-follow', '--bootstrap', bootstrap, ...format, ...args],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  const exited = once(child, 'exit')
  for await (const line of createInterface({ input: child.stdout })) {
    const [partition, offset, timestampMs, key, value] = line.split('\t')
    yield {
      partition: Number(partition),
      offset: Number(offset),
      timestampMs: Number(timestampMs),
      key: String(key),
      row: (JSON.parse(String(value)) as { row: number }).row,
    }
  }
  const [code] = (await exited) as [number | null]
  if (code !== 0) throw new Error(`tail ended with ${code}: ${stderr}`)
}

export interface StoredFlights {
  /** Rows by partition and offset. */
  readonly rows: ReadonlyMap<number, readonly number[]>
  /** What is wrong with them: at most ten sentences, none when all is well. */
  readonly faults: readonly string[]
}

/** Checks that each of `count` rows is there once, in its key's order, with its own time, offsets without a gap. */
export async function checkStored(
  stored: AsyncIterable<StoredFlight>,
  { count, timestamps }: { count: number; timestamps: Float64Array },
): Promise<StoredFlights> {
  const faults: string[] = []
  const fault = (text: string): void => {
    if (faults.length < 10) faults.push(text)
  }
  const rows = new Map<number, number[]>()
  const seen = new Uint8Array(count)
  const lastRowOfKey = new Map<string, { row: number; partition: number }>()
  for await (const { partition, offset, timestampMs, key, row } of stored) {
    let list = rows.get(partition)
    if (list === undefined) {
      list = []
      rows.set(partition, list)
    }
    if (list.length !== offset) fault(`partition ${partition}: offset ${offset} where ${list.length} is next`)
    list.push(row)
    if (seen[row] !== 0) fault(`row ${row} is doubled (partition ${partition}, offset ${offset})`)
    seen[row] = 1
    if (timestamps[row] !== timestampMs) fault(`row ${row} has the time ${timestampMs}`)
    const last = lastRowOfKey.get(key)
    if (last !== undefined && last.row > row) fault(`${key}: row ${row} after row ${last.row}`)
    if (last !== undefined && last.partition !== partition) fault(`${key} is in two partitions`)
    lastRowOfKey.set(key, { row, partition })
  }
  const lost = seen.reduce((sum, value) => sum + (value === 0 ? 1 : 0), 0)
  if (lost > 0) fault(`${lost} rows are lost, the first is ${seen.indexOf(0)}`)
  return { rows, faults }
}
