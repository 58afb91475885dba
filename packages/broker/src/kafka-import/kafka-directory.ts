import {
  decodeMetaProperties,
  type FileSystem,
  META_PROPERTIES,
  type MetaProperties,
  StorageError,
} from '@millrace/log-core'
import { METADATA_DIRECTORY } from './kafka-metadata.ts'

/** Why a directory is not imported, as a sentence for whoever asked. */
export class ImportRefusedError extends Error {
  override readonly name = 'ImportRefusedError'
}

const CLEAN_SHUTDOWN = '.kafka_cleanshutdown'

/** Whose directory it is. Throws ImportRefusedError for anything but the directory of a KRaft broker that was stopped. */
export function openKafkaDirectory(fs: FileSystem, path: string): MetaProperties {
  if (!fs.exists(path)) throw new ImportRefusedError(`${path} does not exist`)
  const file = `${path}/${META_PROPERTIES}`
  if (!fs.exists(file)) {
    throw new ImportRefusedError(`${path} holds no ${META_PROPERTIES}: it is no log directory of Kafka`)
  }
  const text = fs.readFile(file).toString('utf8')
  if (/^\s*version\s*=\s*0\s*$/m.test(text)) {
    throw new ImportRefusedError(
      `${path} belongs to a Kafka with ZooKeeper, which keeps its topics there and not here: migrate it to KRaft first (Kafka 3.9 can), stop it, and import again`,
    )
  }
  const meta = readMeta(fs, file)
  if (meta.formatVersion !== null)
    throw new ImportRefusedError(`${path} is a data directory of Millrace already`)
  if (!fs.exists(`${path}/${METADATA_DIRECTORY}`)) {
    throw new ImportRefusedError(
      `${path} holds no ${METADATA_DIRECTORY}: import the log directory that keeps the cluster's metadata`,
    )
  }
  if (!fs.exists(`${path}/${CLEAN_SHUTDOWN}`)) {
    throw new ImportRefusedError(
      `${path} holds no ${CLEAN_SHUTDOWN}: its Kafka runs, or did not stop in good order. Start it if need be, stop it with kafka-server-stop, and import again`,
    )
  }
  return meta
}

/** Where each log begins, where that is not the beginning of its first segment: Kafka's checkpoint. */
export function readLogStarts(fs: FileSystem, path: string): ReadonlyMap<string, number> {
  const file = `${path}/log-start-offset-checkpoint`
  const starts = new Map<string, number>()
  if (!fs.exists(file)) return starts
  const [version, count, ...lines] = fs.readFile(file).toString('utf8').trimEnd().split('\n')
  for (const line of lines) {
    const match = /^(\S+) (\d{1,10}) (\d{1,16})$/.exec(line)
    if (match === null)
      throw new StorageError('CORRUPT', file, `${file}: no topic, partition and offset: ${line}`)
    starts.set(`${match[1]}-${match[2]}`, Number(match[3]))
  }
  if (version !== '0' || count !== String(lines.length)) {
    throw new StorageError(
      'CORRUPT',
      file,
      `${file}: ${lines.length} entries, expected ${count} of version 0`,
    )
  }
  return starts
}

function readMeta(fs: FileSystem, file: string): MetaProperties {
  try {
    return decodeMetaProperties(fs.readFile(file), file)
  } catch (cause) {
    if (!(cause instanceof StorageError)) throw cause
    throw new ImportRefusedError(cause.message, { cause })
  }
}
