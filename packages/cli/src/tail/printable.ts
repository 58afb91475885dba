import { isUtf8 } from 'node:buffer'
import { escapeControls } from '../output/escape-controls.ts'

/** Text as it is, bytes that are no text in hex; control characters escaped, all on one line. */
export function printable(bytes: Buffer): string {
  return isUtf8(bytes) ? escapeControls(bytes.toString('utf8')) : bytes.toString('hex')
}
