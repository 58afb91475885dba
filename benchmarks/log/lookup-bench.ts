import { formatSpread, spreadOf } from '../harness/median.ts'
import { seededNumbers } from '../harness/records.ts'
import { TemporaryDirectory } from '../harness/temporary-directory.ts'
import { type LogBench, type LogRow, percentile } from './log-bench.ts'
import { FIRST_TIMESTAMP_MS, fillLog, openStoredLog } from './stored-log.ts'

const MOST_P99_MS = 1

/** The first record at an offset or at a time, anywhere in a log that lies in the page cache. */
export const lookupBench: LogBench = {
  name: 'look-up',
  async measure({ rounds, dataBytes, isTiny }) {
    const temporary = new TemporaryDirectory()
    try {
      await using stored = await openStoredLog(temporary.fresh(), { limits: { tailCacheBytesPerLog: 0 } })
      const { log } = stored
      await fillLog(log, { bytes: dataBytes, recordsPerBatch: 100 })
      const below = seededNumbers(1)
      const readAt = async (offset: number): Promise<void> => {
        const slice = await log.read({
          offset,
          maxBytes: 1,
          isFirstBatchWhole: true,
          limit: 'high-watermark',
        })
        if (slice.sizeBytes === 0) throw new Error(`nothing at offset ${offset}`)
        slice.release()
      }
      const findAt = async (offset: number): Promise<void> => {
        const found = await log.offsetForTimestamp(FIRST_TIMESTAMP_MS + offset)
        if (found?.offset !== offset) throw new Error(`found ${found?.offset} for the time of ${offset}`)
      }
      const count = isTiny ? 10 : 1_000
      const p99 = async (look: (offset: number) => Promise<void>): Promise<number[]> => {
        const figures: number[] = []
        for (let round = -1; round < rounds; round++) {
          const times: number[] = []
          for (let index = 0; index < count; index++) {
            const startMs = performance.now()
            await look(below(log.highWatermark))
            times.push(performance.now() - startMs)
          }
          if (round >= 0) figures.push(percentile(times, 0.99))
        }
        return figures
      }
      const size = `${(log.sizeBytes / 2 ** 30).toFixed(2)} GiB, ${log.segmentCount} segments`
      return [
        toRow(`look-up by offset in ${size}, p99`, await p99(readAt)),
        toRow(`look-up by time in ${size}, p99`, await p99(findAt)),
      ]
    } finally {
      temporary.remove()
    }
  },
}

function toRow(what: string, figuresMs: readonly number[]): LogRow {
  const spread = spreadOf(figuresMs)
  return {
    what,
    goal: `${MOST_P99_MS} ms`,
    ours: `${formatSpread(spread, 3)} ms`,
    reference: '',
    ratio: (spread.median / MOST_P99_MS).toFixed(2),
    isReached: spread.median <= MOST_P99_MS,
  }
}
