import { StorageError } from '../fs/storage-error.ts'

/** Kafka's `meta.properties`, with the version of our own files beside Kafka's. */
export const META_PROPERTIES = 'meta.properties'

/** Of everything in a data directory that is ours and not Kafka's. Raised when an older Millrace could not read it. */
export const FORMAT_VERSION = 1

export interface MetaProperties {
  readonly clusterId: string
  readonly nodeId: number
  /** Tells data directories apart. */
  readonly directoryId: string
  /** Null in a directory that Kafka wrote. */
  readonly formatVersion: number | null
}

export function encodeMetaProperties(properties: MetaProperties): Buffer {
  const lines = [
    `cluster.id=${properties.clusterId}`,
    `directory.id=${properties.directoryId}`,
    `millrace.format.version=${properties.formatVersion ?? FORMAT_VERSION}`,
    `node.id=${properties.nodeId}`,
    'version=1',
  ]
  return Buffer.from(`#\n${lines.join('\n')}\n`)
}

/** Throws StorageError: NOT_OURS when the file is something else, UNSUPPORTED_FORMAT when a newer version wrote it. */
export function decodeMetaProperties(bytes: Buffer, path: string): MetaProperties {
  const values = new Map<string, string>()
  for (const line of bytes.toString('utf8').split(/\r?\n/)) {
    const match = /^\s*([^#!=\s][^=\s]*)\s*=\s*(.*?)\s*$/.exec(line)
    if (match?.[1] !== undefined && match[2] !== undefined) values.set(match[1], match[2])
  }
  const clusterId = values.get('cluster.id')
  const nodeId = Number(values.get('node.id') ?? values.get('broker.id'))
  if (
    clusterId === undefined ||
    !Number.isSafeInteger(nodeId) ||
    !['0', '1'].includes(values.get('version') ?? '')
  ) {
    throw new StorageError('NOT_OURS', path, `${path} names no cluster.id, node.id and version 0 or 1`)
  }
  const format = values.get('millrace.format.version')
  const formatVersion = format === undefined ? null : Number(format)
  if (formatVersion !== null && !(formatVersion <= FORMAT_VERSION)) {
    const message = `${path} has format version ${format}; this Millrace knows up to ${FORMAT_VERSION}. Nothing was changed`
    throw new StorageError('UNSUPPORTED_FORMAT', path, message)
  }
  return { clusterId, nodeId, directoryId: values.get('directory.id') ?? '', formatVersion }
}
