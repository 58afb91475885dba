import { closeSync, openSync, readdirSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { crc32c } from '@millrace/record-batch'
import { formatSpread } from '../harness/median.ts'
import { TemporaryDirectory } from '../harness/temporary-directory.ts'
import { runChild } from './child.ts'
import { alternate, figureOf, type LogBench } from './log-bench.ts'
import { openStoredLog } from './stored-log.ts'

const UNSYNCED_BYTES = 256 * 2 ** 20
const LEAST_MB_PER_SECOND = 500
/** What opening a log writes: everything beside the records, and beside the lock, which nobody else may touch. */
const LEFT_BY_OPENING =
  /^(clean-shutdown|sync-marks\.\d+|leader-epoch-checkpoint|.*\.(index|timeindex|seal|snapshot))$/

/**
 * A process that wrote without a sync is killed; the next one walks all of it. The round that is not counted also
 * writes the pages to the disk, which any process would have to.
 */
export const recoveryBench: LogBench = {
  name: 'recovery',
  async measure({ rounds, isTiny }) {
    const temporary = new TemporaryDirectory()
    const bytes = isTiny ? 2 ** 20 : UNSYNCED_BYTES
    const path = temporary.fresh()
    try {
      const { file } = JSON.parse(await runChild('unsynced-writer.ts', [path, String(bytes)], 'kill'))
      const restore = rememberFiles([path, dirname(file)])
      const spreads = await alternate(rounds, [
        async () => {
          restore()
          const startMs = performance.now()
          const { log, directory } = await openStoredLog(path)
          const rate = log.sizeBytes / (performance.now() - startMs) / 1e3
          await directory.close()
          if (log.sizeBytes < bytes) throw new Error(`${log.sizeBytes} of ${bytes} bytes recovered`)
          if (directory.wasCleanShutdown) throw new Error('this was no recovery')
          return rate
        },
        () => readWithCrc(file),
      ])
      const ours = figureOf(spreads, 0)
      const reference = figureOf(spreads, 1)
      return [
        {
          what: `recovery of ${Math.round(bytes / 2 ** 20)} MiB that no sync had covered`,
          goal: `${LEAST_MB_PER_SECOND} MB/s`,
          ours: `${formatSpread(ours, 0)} MB/s`,
          reference: `${formatSpread(reference, 0)} MB/s (readSync and CRC)`,
          ratio: (ours.median / reference.median).toFixed(2),
          isReached: ours.median >= LEAST_MB_PER_SECOND,
        },
      ]
    } finally {
      temporary.remove()
    }
  },
}

/** What brings the directories back into the state that they have now. */
function rememberFiles(directories: readonly string[]): () => void {
  const changing = (): string[] =>
    directories.flatMap((directory) =>
      readdirSync(directory)
        .filter((name) => LEFT_BY_OPENING.test(name))
        .map((name) => join(directory, name)),
    )
  const files = changing().map((path) => ({ path, bytes: readFileSync(path) }))
  return () => {
    for (const path of changing()) rmSync(path)
    for (const { path, bytes } of files) writeFileSync(path, bytes)
  }
}

function readWithCrc(path: string): number {
  const descriptor = openSync(path, 'r')
  const target = Buffer.allocUnsafeSlow(2 ** 20)
  const startMs = performance.now()
  let bytes = 0
  let checksum = 0
  for (;;) {
    const length = readSync(descriptor, target, 0, target.length, bytes)
    if (length === 0) break
    bytes += length
    checksum = crc32c(target, 0, length, checksum)
  }
  closeSync(descriptor)
  if (checksum === 0) throw new Error('nothing was read')
  return bytes / (performance.now() - startMs) / 1e3
}
