import type { CommittedOffset } from '@millrace/client'
import { CommandError } from '../command-error.ts'
import { readTextFile } from '../files.ts'
import { CsvReader } from '../produce/csv-reader.ts'

/** `topic,partition,offset`, a line each: what Kafka's kafka-consumer-groups exports of one group and reads again. */
export function formatOffsetsCsv(
  places: readonly { topic: string; partition: number; offset: number }[],
): string {
  return places.map(({ offset, partition, topic }) => `${topic},${partition},${offset}\n`).join('')
}

/** Reads such a file. Kafka exports several groups with the group in front; of those only `group` is taken. */
export function readOffsetsCsv(path: string, group: string): CommittedOffset[] {
  const reader = new CsvReader()
  const rows = [...reader.push(Buffer.from(readTextFile(path))), ...reader.end()]
  const offsets = rows.flatMap(({ fault, fields, line }): CommittedOffset[] => {
    if (fault !== null) throw new CommandError(`${path}, line ${line}: ${fault}`)
    const [topic = '', partition = '', offset = ''] = fields.length === 4 ? fields.slice(1) : fields
    const isWhole = /^\d+$/.test(partition) && /^\d+$/.test(offset) && Number.isSafeInteger(Number(offset))
    if (fields.length < 3 || fields.length > 4 || topic === '' || !isWhole) {
      throw new CommandError(`${path}, line ${line}: expected topic,partition,offset`)
    }
    const isOurs = fields.length === 3 || fields[0] === group
    return isOurs ? [{ topic, partition: Number(partition), offset: Number(offset) }] : []
  })
  if (offsets.length === 0) throw new CommandError(`${path} holds no offsets of group "${group}"`)
  return offsets
}
