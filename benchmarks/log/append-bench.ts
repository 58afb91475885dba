import { rmSync } from 'node:fs'
import { makeRecords } from '../harness/records.ts'
import { TemporaryDirectory } from '../harness/temporary-directory.ts'
import { type AppendTarget, FloorTarget, LmdbTarget } from '../micro/append-targets.ts'
import { EmbeddedTarget } from './embedded-target.ts'
import { alternate, figureOf, type LogBench, rateRow, type Side } from './log-bench.ts'

const VALUE_BYTES = 100
const MANY = 1_000
const IN_FLIGHT = 64

/** Many records with one promise, written: beside the same bytes with a CRC and one `writev`, and beside lmdb. */
export const appendManyBench: LogBench = {
  name: 'append-many',
  async measure({ rounds, isTiny }) {
    const records = makeRecords({ count: MANY, valueBytes: VALUE_BYTES, hasKeys: false })
    const calls = isTiny ? 2 : 300
    const run = async (target: AppendTarget): Promise<number> => {
      for (let call = 0; call < calls; call++) await target.appendMany(records)
      return calls * MANY
    }
    const spreads = await measureTargets(rounds, [
      [new EmbeddedTarget('written'), run],
      [new FloorTarget('written'), run],
      [new LmdbTarget('written'), run],
    ])
    const what = `appendMany of ${MANY} records of ${VALUE_BYTES} B, written`
    const ours = figureOf(spreads, 0)
    return [
      rateRow(
        what,
        { ours, reference: figureOf(spreads, 1) },
        { ...MILLIONS, least: 0.6, of: 'CRC and writev' },
      ),
      rateRow(what, { ours, reference: figureOf(spreads, 2) }, { ...MILLIONS, least: 2.5, of: 'lmdb' }),
    ]
  },
}

/** A promise for each record, `IN_FLIGHT` of them at a time. */
export const appendEachBench: LogBench = {
  name: 'append-each',
  async measure({ rounds, isTiny }) {
    const records = makeRecords({ count: isTiny ? 128 : 12_800, valueBytes: VALUE_BYTES, hasKeys: false })
    const group = records.slice(0, IN_FLIGHT)
    const each = async (target: AppendTarget): Promise<number> => {
      let next = 0
      const loop = async (): Promise<void> => {
        for (let record = records[next++]; record !== undefined; record = records[next++])
          await target.append(record)
      }
      await Promise.all(Array.from({ length: IN_FLIGHT }, loop))
      return records.length
    }
    const inGroups = async (target: AppendTarget): Promise<number> => {
      for (let count = 0; count < records.length; count += IN_FLIGHT) await target.appendMany(group)
      return records.length
    }
    const spreads = await measureTargets(rounds, [
      [new EmbeddedTarget('written'), each],
      [new LmdbTarget('written'), each],
      [new EmbeddedTarget('synced'), each],
      [new LmdbTarget('synced'), each],
      [new FloorTarget('synced'), inGroups],
    ])
    const what = `append, a promise each, ${IN_FLIGHT} in flight`
    const written = { ours: figureOf(spreads, 0), reference: figureOf(spreads, 1) }
    const synced = figureOf(spreads, 2)
    const floor = `writev and fdatasync of ${IN_FLIGHT} at a time`
    return [
      rateRow(`${what}, written`, written, { ...MILLIONS, least: 1.3, of: 'lmdb' }),
      rateRow(
        `${what}, synced`,
        { ours: synced, reference: figureOf(spreads, 3) },
        { ...MILLIONS, least: 1.3, of: 'lmdb' },
      ),
      rateRow(
        `${what}, synced`,
        { ours: synced, reference: figureOf(spreads, 4) },
        { ...MILLIONS, least: 0.8, of: floor },
      ),
    ]
  },
}

const MILLIONS = { unit: 'M/s' } as const

/** Millions of records a second; each round of each target in a directory of its own. */
async function measureTargets(
  rounds: number,
  targets: readonly (readonly [AppendTarget, (target: AppendTarget) => Promise<number>])[],
) {
  const directory = new TemporaryDirectory()
  const sides = targets.map(
    ([target, run]): Side =>
      async () => {
        const path = directory.fresh()
        await target.open(path)
        const startMs = performance.now()
        const count = await run(target)
        const elapsedMs = performance.now() - startMs
        await target.close()
        rmSync(path, { recursive: true })
        return count / elapsedMs / 1e3
      },
  )
  try {
    return await alternate(rounds, sides)
  } finally {
    directory.remove()
  }
}
