// A process that writes a log without one sync, says where, and waits to be killed: see recovery-bench.ts.
import process from 'node:process'
import { buildBatch, readBatchHeader } from '@millrace/record-batch'
import { makeRecords } from '../harness/records.ts'
import { openStoredLog } from './stored-log.ts'

const [path = '', bytesText = '0'] = process.argv.slice(2)
const bytes = Number(bytesText)
const { log } = await openStoredLog(path, { limits: { writeAheadWindowBytes: 8 * bytes } })
const records = makeRecords({ count: 100, valueBytes: 100, hasKeys: false })
while (log.sizeBytes < bytes) {
  const batch = buildBatch(records)
  const outcome = log.append(batch, readBatchHeader(batch), { durability: 'written' })
  if (outcome.kind === 'appended') await outcome.committed
}
process.stdout.write(`${JSON.stringify({ file: `${log.directory}/${'0'.repeat(20)}.log` })}\n`)
process.stdin.resume()
