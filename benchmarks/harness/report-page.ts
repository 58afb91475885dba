/** Puts a table into docs/benchmarks.md, with the machine and the commit that it was measured on. */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describeMachine, readMachine } from './machine.ts'

const PAGE = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url))

/** Replaces what stands between `<!-- NAME -->` and `<!-- /NAME -->`. */
export function writeSection(name: string, table: string): void {
  const page = readFileSync(PAGE, 'utf8')
  const pattern = new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*?(<!-- /${name} -->)`)
  if (!pattern.test(page)) throw new Error(`docs/benchmarks.md has no section ${name}`)
  const text = `\n${describeMachine(readMachine())}\n\n${table}\n\n`
  writeFileSync(
    PAGE,
    page.replace(pattern, (_all, start: string, end: string) => start + text + end),
  )
}
