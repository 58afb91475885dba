// A process that appends as fast as it can and says what was acknowledged, until it is killed: see kills.test.ts.
import process from 'node:process'
import { openLog } from '@millrace/log-core'

const [path = '', firstText = '0'] = process.argv.slice(2)
const log = await openLog(path, {
  config: { segmentBytes: 20_000, retentionBytes: 200_000 },
  durability: Number(firstText) % 2 === 0 ? 'synced' : 'written',
})
let next = log.info().endOffset
for (;;) {
  const values = Array.from({ length: 1 + (next % 17) }, (_, i) =>
    Buffer.from(`value ${next + i}`.padEnd(100, '.')),
  )
  next += values.length
  const appended = await Promise.all(values.map((value) => log.append({ value })))
  process.stdout.write(`${appended.at(-1)?.offset}\n`)
}
