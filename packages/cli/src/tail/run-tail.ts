import type { TailArguments } from '../commands/tail.ts'
import { connect } from '../connect.ts'
import { parsePosition } from '../position.ts'
import { partitionList } from '../read-argument.ts'
import { abortOnEndSignal } from '../terminal.ts'
import { jsonFormat } from './json-format.ts'
import { OutputBuffer } from './output-buffer.ts'
import { parseFormat, type RecordFormat, rawFormat } from './record-format.ts'

/** Writes the records of a topic to standard output, until the end, Ctrl-C, or a closed pipe. */
export async function runTail(args: TailArguments): Promise<void> {
  const format = chooseFormat(args)
  const from = parsePosition('--from', args.from, Date.now())
  const partitions = args.partition === undefined ? {} : { partitions: partitionList(args.partition) }
  const signal = abortOnEndSignal()
  await using client = await connect(args.bootstrap)
  await using reader = client.read(args.topic, { from, follow: args.follow, signal, ...partitions })
  const out = new OutputBuffer()
  for (let batch = await reader.nextBatch(); batch !== null; batch = await reader.nextBatch()) {
    for (const record of batch) format(record, out)
    // What a reader has seen is never held back: a batch that is here is shown.
    await out.flush()
  }
}

function chooseFormat({ format, output }: TailArguments): RecordFormat {
  if (format !== undefined) return parseFormat(format)
  return output === 'json' ? jsonFormat : rawFormat
}
