import { ImportRefusedError, type ImportReport, importKafkaDirectory } from '@millrace/broker'
import { CommandError } from '../command-error.ts'
import type { ImportArguments } from '../commands/import.ts'
import { realPath } from '../files.ts'
import { confirm, note } from '../output/show.ts'

/** What a broker of ours is called that was told nothing else. */
const DEFAULT_NODE_ID = 1

export async function runImport(args: ImportArguments): Promise<void> {
  const report = await importFrom(args)
  const leftBehind = report.leftBehind.map(({ what, reason }) => `left behind: ${what}: ${reason}`)
  await confirm(args, {
    value: report,
    asText: () => [...describeTopics(report), ...leftBehind].map((line) => `${line}\n`).join(''),
  })
  const node = report.nodeId === DEFAULT_NODE_ID ? '' : ` --set node.id=${report.nodeId}`
  if (args.output === 'table')
    note(args, `Everything was checked. Start it: millrace serve --data ${args.data}${node}\n`)
}

async function importFrom({ copy, data, directory, link, topics }: ImportArguments): Promise<ImportReport> {
  if (link && copy) throw new CommandError('--link and --copy exclude each other')
  const names = topics?.split(',').map((name) => name.trim())
  if (names?.includes(''))
    throw new CommandError('--topics has an empty name: names are separated by one comma')
  try {
    return await importKafkaDirectory({
      // Nothing is written into Kafka's directory, under whatever name it goes.
      kafkaDir: realPath(directory),
      dataDir: realPath(data),
      mode: link ? 'link' : 'copy',
      ...(names === undefined ? {} : { topics: names }),
    })
  } catch (cause) {
    if (!(cause instanceof ImportRefusedError)) throw cause
    throw new CommandError(cause.message, { cause })
  }
}

/** One line a topic. */
function describeTopics({ partitions }: ImportReport): string[] {
  const topics = Map.groupBy(partitions, ({ topic }) => topic)
  return Array.from(topics, ([topic, parts]) => {
    const offsets = parts.reduce((sum, { endOffset, startOffset }) => sum + endOffset - startOffset, 0)
    const bytes = parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    const counted = `${parts.length} partition${parts.length === 1 ? '' : 's'}`
    return `imported ${topic}: ${counted}, ${offsets} offsets, ${bytes} bytes`
  })
}
