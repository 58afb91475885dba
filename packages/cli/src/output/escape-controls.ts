/** Controls, line and paragraph separators, and marks that change the direction of what follows. */
const CONTROLS = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

/** Text on one line that cannot move the cursor, change the terminal or hide anything: such characters are escaped. */
export function escapeControls(text: string): string {
  return text.replaceAll(CONTROLS, (control) => {
    const code = control.charCodeAt(0)
    if (control === '\n') return '\\n'
    if (control === '\t') return '\\t'
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`
  })
}

/** The same of each line. Names of groups and clients are whatever somebody sent. */
export function escapeLines(text: string): string {
  return text.split('\n').map(escapeControls).join('\n')
}
