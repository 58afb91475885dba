import {
  DEFAULT_LOG_CONFIG,
  type FileHandle,
  type FileSystem,
  LogDirectory,
  nodeClock,
  nodeFileSystem,
} from '@millrace/log-core'
import { buildBatch, readBatchHeader } from '@millrace/record-batch'

export const MANY_CONFIG = { ...DEFAULT_LOG_CONFIG, segmentBytes: 200 }

/** Writes that many logs of that many segments, without syncing anything: nobody pulls the plug on a benchmark. */
export async function writeManyPartitions(
  path: string,
  { partitions, segments }: { partitions: number; segments: number },
): Promise<void> {
  const directory = await LogDirectory.open(unsynced(nodeFileSystem()), path, { clock: nodeClock() })
  for (let partition = 0; partition < partitions; partition++) {
    const request = { topic: 'many', partition, topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', config: MANY_CONFIG }
    const log = await directory.openLog(request)
    for (let segment = 0; segment < segments; segment++) {
      const batch = buildBatch([{ key: null, value: Buffer.alloc(100, 'v'), timestampMs: segment + 1 }])
      const outcome = log.append(batch, readBatchHeader(batch), { durability: 'written' })
      if (outcome.kind === 'appended') await outcome.committed
    }
    if (log.segmentCount !== segments) throw new Error(`${log.segmentCount} segments, expected ${segments}`)
  }
  await directory.close()
}

function unsynced(fs: FileSystem): FileSystem {
  return overriding(fs, {
    open: (path, mode) => overriding<FileHandle>(fs.open(path, mode), NO_SYNC),
    syncDirectory: async () => {},
    syncDirectorySync: () => {},
  })
}

const NO_SYNC = { sync: async () => {}, fullSync: async () => {}, syncSync: () => {} }

/** The same object with other methods; its own ones keep their private fields. */
function overriding<T extends object>(object: T, methods: Partial<T>): T {
  return new Proxy(object, {
    get(target, name) {
      if (name in methods) return Reflect.get(methods, name)
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
