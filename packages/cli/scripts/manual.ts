/** Writes man/millrace.1 from the declarations of the commands. */
import { writeFileSync } from 'node:fs'
import { commandTree } from '../src/completion/command-tree.ts'
import { manualPage } from './manual-page.ts'

const write = async (): Promise<void> => {
  writeFileSync(new URL('../man/millrace.1', import.meta.url), manualPage(await commandTree(), '0.0.0'))
}
void write()
