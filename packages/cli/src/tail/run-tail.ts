import type { ReadUntil } from '@millrace/client'
import { CommandError } from '../command-error.ts'
import type { TailArguments } from '../commands/tail.ts'
import { BrokerWatch } from '../connection/broker-watch.ts'
import { connect } from '../connection/connect.ts'
import { recordFilter } from '../filter/record-filter.ts'
import { OutputBuffer } from '../output/output-buffer.ts'
import { parsePosition } from '../position.ts'
import { partitionList, wholeNumber } from '../read-argument.ts'
import { abortOnEndSignal, isInteractive, isOutputTerminal } from '../terminal.ts'
import { selectTopics } from '../topic-patterns.ts'
import { chooseFormat } from './choose-format.ts'

/** Writes the records of topics to standard output, until the end, Ctrl-C, or a closed pipe. */
export async function runTail(args: TailArguments): Promise<void> {
  const filter = recordFilter({
    key: args.key,
    grep: args.grep,
    where: args.where,
    sample: args.sample === undefined ? undefined : wholeNumber('--sample', args.sample, 1),
  })
  const format = await chooseFormat({
    format: args.format,
    output: args.output ?? (isOutputTerminal() ? 'table' : 'raw'),
    showsTopic: args.topics.length > 1 || /[*?]/.test(args.topics[0] ?? ''),
  })
  const from = parsePosition('--from', args.from, Date.now())
  const until = args.until === undefined ? {} : { until: parseUntil(args.until) }
  const partitions = args.partition === undefined ? {} : { partitions: partitionList(args.partition) }
  let left = args.count === undefined ? Number.POSITIVE_INFINITY : wholeNumber('--count', args.count, 1)
  const signal = abortOnEndSignal()
  await using client = await connect(args)
  const topics = await selectTopics(client, args.topics)
  await using reader = client.read(topics, { from, follow: args.follow, signal, ...until, ...partitions })
  using watch = new BrokerWatch(client, isInteractive() && !args.quiet)
  const out = new OutputBuffer()
  for (let batch = await reader.nextBatch(); batch !== null; batch = await reader.nextBatch()) {
    for (const record of batch) {
      if (filter !== null && !filter(record)) continue
      format(record, out)
      if (--left === 0) break
    }
    watch.hide()
    // What a reader has seen is never held back: a batch that is here is shown.
    await out.flush()
    if (left === 0) break
  }
}

function parseUntil(text: string): ReadUntil {
  const position = parsePosition('--until', text, Date.now())
  if (position !== 'beginning' && !(typeof position === 'number' && position < 0)) return position
  throw new CommandError(`--until ${text}: expected end, an offset, or a time`)
}
