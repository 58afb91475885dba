/** Debian's kcat, as a filter: its format string is made so that the records' bytes can be told apart. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { RecordTally } from '../record-tally.ts'
import { type ClientProgram, producedRecord, runProgram } from './program.ts'

const FORMAT = '%p %o %T %K %S\n%k%s'

const kcat: ClientProgram = {
  async dump(bootstrap, topic) {
    const args = ['-C', '-b', bootstrap, '-t', topic, '-o', 'beginning', '-e', '-q', '-f', FORMAT]
    return (await tallyOutput(args)).result()
  },

  async produce(bootstrap, topic, count, prefix) {
    const child = spawn('kcat', ['-P', '-b', bootstrap, '-t', topic, '-K', '\t', '-X', 'acks=all'], {
      stdio: ['pipe', 'inherit', 'inherit'],
    })
    const exited = once(child, 'exit')
    for (let index = 0; index < count; index += 1) {
      const { key, value } = producedRecord(index, prefix)
      if (!child.stdin.write(`${key}\t${value}\n`)) await once(child.stdin, 'drain')
    }
    child.stdin.end()
    const [code] = await exited
    if (code !== 0) throw new Error(`kcat ended with ${code}`)
    return count
  },

  async group(bootstrap, topic, group, count) {
    const settings = ['-X', 'auto.offset.reset=earliest', '-X', 'enable.auto.offset.store=true']
    const args = ['-b', bootstrap, '-f', FORMAT, '-c', String(count), '-q', ...settings, '-G', group, topic]
    return (await tallyOutput(args)).result()
  },
}

async function tallyOutput(args: readonly string[]): Promise<RecordTally> {
  const child = spawn('kcat', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const tally = new RecordTally()
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of child.stdout) {
    rest = takeRecords(Buffer.concat([rest, chunk as Buffer]), tally)
  }
  const [code] = await exited
  if (code !== 0) throw new Error(`kcat ended with ${code}`)
  if (rest.length > 0) throw new Error(`kcat left ${rest.length} bytes that are no whole record`)
  return tally
}

/** Takes the whole records off the front; answers what is left. */
function takeRecords(buffer: Buffer, tally: RecordTally): Buffer {
  let position = 0
  for (;;) {
    const end = buffer.indexOf(10, position)
    if (end === -1) return buffer.subarray(position)
    const fields = buffer.toString('latin1', position, end).split(' ').map(Number)
    const [partition = 0, offset = 0, timestampMs = 0, keyLength = 0, valueLength = 0] = fields
    const keyStart = end + 1
    const valueStart = keyStart + Math.max(0, keyLength)
    const next = valueStart + Math.max(0, valueLength)
    if (next > buffer.length) return buffer.subarray(position)
    const key = keyLength < 0 ? null : buffer.subarray(keyStart, valueStart)
    const value = valueLength < 0 ? null : buffer.subarray(valueStart, next)
    tally.add({ partition, offset, timestampMs, key, value })
    position = next
  }
}

await runProgram(kcat, process.argv.slice(2))
