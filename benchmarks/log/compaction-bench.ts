import { cpSync, rmSync } from 'node:fs'
import { DEFAULT_LOG_CONFIG } from '@millrace/log-core'
import { buildBatch, readBatchHeader } from '@millrace/record-batch'
import { formatSpread } from '../harness/median.ts'
import { makeRecords, seededNumbers } from '../harness/records.ts'
import { TemporaryDirectory } from '../harness/temporary-directory.ts'
import { alternate, figureOf, type LogBench } from './log-bench.ts'
import { openStoredLog } from './stored-log.ts'

const DATA_BYTES = 256 * 2 ** 20
const KEYS = 200_000
const LEAST_MB_PER_SECOND = 300
const CONFIG = { ...DEFAULT_LOG_CONFIG, cleanupPolicy: ['compact'], segmentBytes: 32 * 2 ** 20 } as const

/** One pass over a log of which nothing was compacted before: keys of 16 bytes, values of 100, one core. */
export const compactionBench: LogBench = {
  name: 'compaction',
  async measure({ rounds, isTiny }) {
    const temporary = new TemporaryDirectory()
    const bytes = isTiny ? 2 ** 20 : DATA_BYTES
    const config = isTiny ? { ...CONFIG, segmentBytes: 2 ** 18 } : CONFIG
    const source = temporary.fresh()
    try {
      await fill(source, bytes, config)
      const spreads = await alternate(rounds, [
        async () => {
          const path = temporary.fresh()
          cpSync(source, path, { recursive: true })
          const { log, directory } = await openStoredLog(path, { config })
          const cpu = process.cpuUsage()
          const result = await log.compact({ nowMs: Date.now(), seed: 1 })
          const { user, system } = process.cpuUsage(cpu)
          await directory.close()
          rmSync(path, { recursive: true })
          if (result === null) throw new Error('there was nothing to compact')
          return result.bytesBefore / (user + system)
        },
      ])
      const rate = figureOf(spreads, 0)
      return [
        {
          what: `compaction of ${Math.round(bytes / 2 ** 20)} MiB, 16-byte keys, by CPU time`,
          goal: `${LEAST_MB_PER_SECOND} MB/s`,
          ours: `${formatSpread(rate, 0)} MB/s`,
          reference: '',
          ratio: (rate.median / LEAST_MB_PER_SECOND).toFixed(2),
          isReached: rate.median >= LEAST_MB_PER_SECOND,
        },
      ]
    } finally {
      temporary.remove()
    }
  },
}

async function fill(path: string, bytes: number, config: typeof DEFAULT_LOG_CONFIG): Promise<void> {
  await using stored = await openStoredLog(path, { config })
  const { log } = stored
  const below = seededNumbers(7)
  const values = makeRecords({ count: 1_000, valueBytes: 100, hasKeys: false })
  while (log.sizeBytes < bytes) {
    const records = values.map((record) => ({ ...record, key: String(below(KEYS)).padStart(16, 'k') }))
    const batch = buildBatch(records)
    const outcome = log.append(batch, readBatchHeader(batch), { durability: 'written' })
    if (outcome.kind === 'appended') await outcome.committed
  }
}
