/** The tutorial of the embedded log, pasted into an empty project that has its packed tarballs and nothing else. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installPacked, type PackedProject, ROOT, run } from './packed-project.ts'

const PAGE = join(ROOT, 'docs/embedded-log.md')
const BLOCK = /```ts\n([\s\S]*?)```/g

/** What the comments of the page say, and nothing besides. */
const PRINTED = [
  '0',
  '4 5',
  ...[1_000, 2_000, 3_000, 4_000, 5_000].map((records) => `${records} so far`),
  '5000',
  expect.stringMatching(/^0 SFO 12 \d{4}$/),
  expect.stringMatching(/^1 SFO 0 \d{4}$/),
  '0',
  'HA 5',
  'AbortError',
  '100',
  "[ 'customers', 'orders' ]",
]

describe('the tutorial of the embedded log', () => {
  let project = ''
  let installed: PackedProject | null = null

  beforeAll(async () => {
    // log-core needs record-batch, which no registry has yet.
    installed = await installPacked(['record-batch', 'log-core'])
    project = installed.project
    const blocks = [...readFileSync(PAGE, 'utf8').matchAll(BLOCK)].map((match) => match[1] ?? '')
    writeFileSync(join(project, 'tutorial.ts'), blocks.join('\n'))
  }, 300_000)

  afterAll(() => {
    installed?.remove()
  })

  it('runs as it stands, and prints what the page says', { timeout: 60_000 }, async () => {
    const printed = await run(process.execPath, ['tutorial.ts'], project)
    expect(printed.trimEnd().split('\n')).toEqual(PRINTED)
  })

  it('needs no other package of ours', () => {
    const lock = readFileSync(join(project, 'package-lock.json'), 'utf8')
    const ours = new Set(lock.match(/node_modules\/@?millrace[^"]*/g))
    expect([...ours].sort()).toEqual([
      'node_modules/@millrace/log-core',
      'node_modules/@millrace/record-batch',
    ])
  })
})
