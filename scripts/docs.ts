/** `npm run docs`: writes the pages that are made from the code. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generatedPages } from './generated-docs.ts'
import { ROOT } from './suites.ts'

for (const { path, text } of generatedPages()) {
  writeFileSync(join(ROOT, path), text)
  process.stdout.write(`${path}\n`)
}
