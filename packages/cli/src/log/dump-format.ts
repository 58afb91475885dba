import type { DumpEntry } from '@millrace/log-core'
import { recordMembers } from '../tail/json-format.ts'
import { printable } from '../tail/printable.ts'

const COMPRESSIONS = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

/** One entry as a line for people. */
export function formatEntry(entry: DumpEntry): string {
  switch (entry.kind) {
    case 'batch': {
      const { header, position } = entry
      const producer =
        header.producerId < 0
          ? ''
          : `, producer ${header.producerId}/${header.producerEpoch}, sequence ${header.baseSequence}`
      const flags = `${header.isTransactional ? ', transactional' : ''}${header.isControl ? ', control' : ''}`
      const what = `${header.recordCount} records, ${header.sizeBytes} bytes, ${COMPRESSIONS[header.compression]}`
      const offsets = `offsets ${header.baseOffset} to ${header.lastOffset}`
      return `batch at ${position}: ${offsets}, ${what}, epoch ${header.partitionLeaderEpoch}${producer}${flags}`
    }
    case 'record': {
      const { offset, timestampMs, key, value } = entry.record
      const shownKey = key === null ? '' : `${printable(key)} `
      return `  ${offset} ${new Date(timestampMs).toISOString()} ${shownKey}${value === null ? '(null)' : printable(value)}`
    }
    default:
      return `${entry.kind}: ${Object.entries(flat(entry))
        .map(([name, value]) => `${name}=${value}`)
        .join(' ')}`
  }
}

/** One entry as a JSON object. */
export function jsonEntry(entry: DumpEntry): string {
  return entry.kind === 'record' ? `{"kind":"record",${recordMembers(entry.record)}}` : JSON.stringify(entry)
}

/** The fields of an entry and of the object in it, without its kind. */
function flat(entry: object): Record<string, unknown> {
  const fields = Object.entries(entry).filter(([name]) => name !== 'kind')
  return Object.fromEntries(
    fields.flatMap(([name, value]) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.entries(flat(value))
        : [[name, Array.isArray(value) ? JSON.stringify(value) : value]],
    ),
  )
}
