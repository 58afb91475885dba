// Opens every partition of a directory, says how long that took and what it holds in memory, and waits: see open-bench.ts.
import process from 'node:process'
import { LogDirectory, nodeClock, nodeFileSystem } from '@millrace/log-core'
import { setUpHeap } from '../../packages/cli/src/serve/heap-settings.ts'
import { MANY_CONFIG } from './many-partitions.ts'

const OPENED_AT_ONCE = 16
/** As `serve` does. */
setUpHeap()
const [path = ''] = process.argv.slice(2)
const startMs = performance.now()
const directory = await LogDirectory.open(nodeFileSystem(), path, { clock: nodeClock() })
const { wasCleanShutdown } = directory
let endOffsets = 0
const left = directory.partitionDirectories().values()
/** As the broker does it: what waits for a sync shares it with the others. */
await Promise.all(
  Array.from({ length: OPENED_AT_ONCE }, async () => {
    for (const found of left) {
      const log = await directory.openLog({ ...found, config: MANY_CONFIG })
      endOffsets += log.logEndOffset
    }
  }),
)
const elapsedMs = performance.now() - startMs
const rssMb = process.memoryUsage.rss() / 1e6
process.stdout.write(`${JSON.stringify({ elapsedMs, rssMb, endOffsets, wasCleanShutdown })}\n`)
process.stdin.resume()
process.stdin.on('end', () => void directory.close())
