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
const RECORDS_PER_CALL = 1_000
/** 12 MB a round: enough to measure, little enough to stay in the page cache. */
const CALLS_PER_ROUND = 100

/** Many records with one promise: our log beside lmdb, and both beside the floor. */
export const appendManySuite: MicroSuite = {
  name: 'append-many',
  about: `${RECORDS_PER_CALL} records with ${VALUE_BYTES} B values a call, one promise each, per record`,
  open: ({ isTiny }) => {
    const directory = new TemporaryDirectory()
    const records = makeRecords({ count: RECORDS_PER_CALL, valueBytes: VALUE_BYTES })
    const appending = (name: string, target: AppendTarget, isReference = false) => ({
      ...appendManyTask(name, target, { directory, records }),
      isReference,
    })
    return {
      callsPerRound: isTiny ? 1 : CALLS_PER_ROUND,
      tasks: [
        appending('written: CRC and writev of batches built before', new FloorTarget('written'), true),
        appending('written: PartitionLog, batches built', new LogTarget('written')),
        appending('written: lmdb, noSync, a transaction a call', new LmdbTarget('written')),
        appending('synced: CRC, writev, fdatasync', new FloorTarget('synced'), true),
        appending('synced: PartitionLog, batches built', new LogTarget('synced')),
        appending('synced: lmdb, a transaction a call', new LmdbTarget('synced')),
      ],
      close: () => directory.remove(),
    }
  },
}

function appendManyTask(
  name: string,
  target: AppendTarget,
  on: { readonly directory: TemporaryDirectory; readonly records: readonly BenchmarkRecord[] },
): MicroTask {
  let path = ''
  return {
    name,
    operations: on.records.length,
    bytes: on.records.length * VALUE_BYTES,
    before() {
      path = on.directory.fresh()
      return target.open(path)
    },
    run: () => target.appendMany(on.records),
    async after() {
      await target.close()
      rmSync(path, { recursive: true })
    },
  }
}
