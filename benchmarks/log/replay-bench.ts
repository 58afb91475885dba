import { type EmbeddedLog, openLog } from '@millrace/log-core'
import { formatSpread, spreadOf } from '../harness/median.ts'
import { TemporaryDirectory } from '../harness/temporary-directory.ts'
import { type LogBench, percentile } from './log-bench.ts'
import { fillLog, openStoredLog } from './stored-log.ts'

const MOST_TIMES_ALONE = 2
const APPENDS = 500

/** Synced appends, one after the other, alone and while a reader in the same process replays from the beginning. */
export const replayBench: LogBench = {
  name: 'replay',
  async measure({ rounds, dataBytes, isTiny }) {
    const temporary = new TemporaryDirectory()
    try {
      const path = temporary.fresh()
      const stored = await openStoredLog(path)
      await fillLog(stored.log, { bytes: dataBytes, recordsPerBatch: 1_000 })
      await stored.directory.close()
      await using log = await openLog(path)
      const count = isTiny ? 20 : APPENDS
      const alone: number[] = []
      const beside: number[] = []
      let replayed = 0
      for (let round = -1; round < rounds; round++) {
        const aloneMs = await appendP99(log, count)
        const stop = new AbortController()
        const replaying = replay(log, stop.signal)
        const besideMs = await appendP99(log, count)
        stop.abort()
        replayed += await replaying
        if (round < 0) continue
        alone.push(aloneMs)
        beside.push(besideMs)
      }
      if (replayed === 0) throw new Error('the reader read nothing')
      const ours = spreadOf(beside)
      const reference = spreadOf(alone)
      const ratio = ours.median / reference.median
      return [
        {
          what: `synced append while a reader ${(dataBytes / 2 ** 30).toFixed(2)} GiB behind replays, p99`,
          goal: `at most ${MOST_TIMES_ALONE} times its own without the reader`,
          ours: `${formatSpread(ours)} ms`,
          reference: `${formatSpread(reference)} ms`,
          ratio: ratio.toFixed(2),
          isReached: ratio <= MOST_TIMES_ALONE,
        },
      ]
    } finally {
      temporary.remove()
    }
  },
}

async function appendP99(log: EmbeddedLog, count: number): Promise<number> {
  const value = Buffer.alloc(100, 'v')
  const timesMs: number[] = []
  for (let done = 0; done < count; done++) {
    const startMs = performance.now()
    await log.append({ value })
    timesMs.push(performance.now() - startMs)
  }
  return percentile(timesMs, 0.99)
}

/** From the beginning, and again from there when it has come to the end. Returns the bytes that it saw. */
async function replay(log: EmbeddedLog, signal: AbortSignal): Promise<number> {
  let bytes = 0
  while (!signal.aborted) {
    for await (const { value } of log.read()) {
      bytes += value?.length ?? 0
      if (signal.aborted) break
    }
  }
  return bytes
}
