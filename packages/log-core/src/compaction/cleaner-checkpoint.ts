import { crc32c } from '@millrace/record-batch'
import { writeFileAtomically } from '../fs/atomic-file.ts'
import type { FileSystem } from '../fs/file-system.ts'

/** Up to which offset a log was compacted: "1", the offset, the CRC-32C of both lines in hexadecimal; a line each. */
export const CLEANER_CHECKPOINT = 'cleaner-checkpoint'

/** 0 when there is none, or none that can be trusted: then everything counts as dirty, which costs a pass and no more. */
export function readCleanerCheckpoint(fs: FileSystem, directory: string): number {
  const path = `${directory}/${CLEANER_CHECKPOINT}`
  if (!fs.exists(path)) return 0
  const match = /^1\n(\d{1,16})\n([0-9a-f]{8})\n$/.exec(fs.readFile(path).toString('latin1'))
  const offset = Number(match?.[1])
  return match !== null && match[2] === crcOf(offset) ? offset : 0
}

export function writeCleanerCheckpoint(fs: FileSystem, directory: string, offset: number): Promise<void> {
  const bytes = Buffer.from(`1\n${offset}\n${crcOf(offset)}\n`)
  return writeFileAtomically(fs, `${directory}/${CLEANER_CHECKPOINT}`, bytes)
}

function crcOf(offset: number): string {
  return crc32c(Buffer.from(`1\n${offset}\n`))
    .toString(16)
    .padStart(8, '0')
}
