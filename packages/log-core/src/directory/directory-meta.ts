import { writeFileAtomically } from '../fs/atomic-file.ts'
import type { DirectoryEntry, FileSystem } from '../fs/file-system.ts'
import { StorageError } from '../fs/storage-error.ts'
import {
  decodeMetaProperties,
  encodeMetaProperties,
  FORMAT_VERSION,
  META_PROPERTIES,
  type MetaProperties,
} from './meta-properties.ts'

const ID_BYTES = 16

/** What the opener of a data directory expects to find, and gives to a new one. */
export interface ExpectedMeta {
  readonly nodeId: number | undefined
  readonly clusterId: string | undefined
  readonly randomBytes: (count: number) => Buffer
}

/** Throws StorageError NOT_OURS or UNSUPPORTED_FORMAT; nothing was changed then. */
export async function readOrCreateMeta(
  fs: FileSystem,
  path: string,
  expected: ExpectedMeta,
): Promise<MetaProperties> {
  const file = `${path}/${META_PROPERTIES}`
  if (fs.exists(file)) return checkedMeta(decodeMetaProperties(fs.readFile(file), file), file, expected)
  const meta: MetaProperties = {
    clusterId: expected.clusterId ?? expected.randomBytes(ID_BYTES).toString('base64url'),
    nodeId: expected.nodeId ?? 0,
    directoryId: expected.randomBytes(ID_BYTES).toString('base64url'),
    formatVersion: FORMAT_VERSION,
  }
  await writeFileAtomically(fs, file, encodeMetaProperties(meta))
  return meta
}

/**
 * A directory that holds anything but has no `meta.properties` is somebody else's, or has lost it: neither is a place
 * to begin anew. Hidden files and `lost+found` do not count. Called before anything is written.
 */
export function checkIsOurs(fs: FileSystem, path: string): void {
  const file = `${path}/${META_PROPERTIES}`
  if (!fs.exists(path)) return
  if (fs.exists(file)) {
    // Also refuses what a newer version wrote, before the lock puts a file there.
    decodeMetaProperties(fs.readFile(file), file)
    return
  }
  const foreign = entriesOf(fs, path).find(
    ({ name }) => !name.startsWith('.') && !EXPECTED_WITHOUT_META.test(name),
  )
  if (foreign === undefined) return
  const message = `${path} holds ${foreign.name} and no ${META_PROPERTIES}: it is no data directory. Nothing was changed`
  throw new StorageError('NOT_OURS', path, message)
}

function entriesOf(fs: FileSystem, path: string): DirectoryEntry[] {
  try {
    return fs.list(path)
  } catch (error) {
    if (!(error instanceof StorageError) || error.code !== 'ENOTDIR') throw error
    const message = `${path} is a file; expected a directory or nothing`
    throw new StorageError('ENOTDIR', path, message, { cause: error })
  }
}

/** First starts that were interrupted leave these: after a power loss, in any selection. */
const EXPECTED_WITHOUT_META = /^(lost\+found|(lock-holder\.json|meta\.properties)(\.tmp)?|sync-marks\.\d+)$/

function checkedMeta(
  found: MetaProperties,
  file: string,
  { nodeId, clusterId }: ExpectedMeta,
): MetaProperties {
  if (nodeId !== undefined && nodeId !== found.nodeId) {
    throw new StorageError('NOT_OURS', file, `${file} is of node ${found.nodeId}, expected node ${nodeId}`)
  }
  if (clusterId !== undefined && clusterId !== found.clusterId) {
    const message = `${file} is of cluster ${found.clusterId}, expected ${clusterId}`
    throw new StorageError('NOT_OURS', file, message)
  }
  return found
}
