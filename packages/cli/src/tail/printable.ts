import { isUtf8 } from 'node:buffer'

/** Text as it is, bytes that are no text in hex; control characters escaped, all on one line. */
export function printable(bytes: Buffer): string {
  if (!isUtf8(bytes)) return bytes.toString('hex')
  // Controls, line and paragraph separators, and marks that change the direction of what follows.
  return bytes.toString('utf8').replaceAll(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (control) => {
    const code = control.charCodeAt(0)
    if (control === '\n') return '\\n'
    if (control === '\t') return '\\t'
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`
  })
}
