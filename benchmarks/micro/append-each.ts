import { rmSync } from 'node:fs'
import type { MicroSuite, MicroTask } from '../harness/micro-suite.ts'
import { makeRecords } from '../harness/records.ts'
import { TemporaryDirectory } from '../harness/temporary-directory.ts'
import {
  type AppendTarget,
  type BenchmarkRecord,
  FloorTarget,
  LmdbTarget,
  LogTarget,
} from './append-targets.ts'

const VALUE_BYTES = 100
const IN_FLIGHT = 64
const CALLS_PER_ROUND = 4

/** A promise for each record, a bounded number of them at a time. */
export const appendEachSuite: MicroSuite = {
  name: 'append-each',
  about: `records with ${VALUE_BYTES} B values, a promise each, ${IN_FLIGHT} in flight, per record`,
  open: ({ isTiny }) => {
    const directory = new TemporaryDirectory()
    const records = makeRecords({ count: isTiny ? IN_FLIGHT : 64 * IN_FLIGHT, valueBytes: VALUE_BYTES })
    const group = records.slice(0, IN_FLIGHT)
    const appending = (name: string, target: AppendTarget, isReference = false) => ({
      ...task(name, target, directory, { count: records.length, run: () => appendEach(target, records) }),
      isReference,
    })
    const floor = new FloorTarget('synced')
    return {
      callsPerRound: isTiny ? 1 : CALLS_PER_ROUND,
      tasks: [
        appending('written: PartitionLog', new LogTarget('written'), true),
        appending('written: lmdb, noSync', new LmdbTarget('written')),
        {
          ...task(`synced: writev and fdatasync of ${IN_FLIGHT} at a time`, floor, directory, {
            count: IN_FLIGHT,
            run: () => floor.appendMany(group),
          }),
          isReference: true,
        },
        appending('synced: PartitionLog', new LogTarget('synced')),
        appending('synced: lmdb', new LmdbTarget('synced')),
      ],
      close: () => directory.remove(),
    }
  },
}

/** `IN_FLIGHT` loops side by side, each of which waits for its append before it makes the next. */
async function appendEach(target: AppendTarget, records: readonly BenchmarkRecord[]): Promise<number> {
  let next = 0
  const loop = async () => {
    for (let record = records[next++]; record !== undefined; record = records[next++])
      await target.append(record)
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, loop))
  return next
}

function task(
  name: string,
  target: AppendTarget,
  directory: TemporaryDirectory,
  work: { readonly count: number; run(): Promise<number> },
): MicroTask {
  let path = ''
  return {
    name,
    operations: work.count,
    bytes: work.count * VALUE_BYTES,
    before() {
      path = directory.fresh()
      return target.open(path)
    },
    run: work.run,
    async after() {
      await target.close()
      rmSync(path, { recursive: true })
    },
  }
}
