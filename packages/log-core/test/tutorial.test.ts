import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import process from 'node:process'
import { expect, it, vi } from 'vitest'

const PAGE = new URL('../../../docs/embedded-log.md', import.meta.url)

/** All TypeScript of the page as one module. Paths in it are relative to the directory that the program runs in. */
function programOf(page: string, directory: string): string {
  const blocks = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1] ?? '')
  const imports = blocks.flatMap((block) => block.match(/^import .*$/gm) ?? [])
  const body = blocks
    .join('\n')
    .replaceAll(/^import .*$/gm, '')
    .replaceAll("'./", `'${directory}/`)
  return `${imports.join('\n')}\nexport async function run() {\n${body}\n}\n`
}

it('runs every example of the tutorial, and prints what the page says', { timeout: 60_000 }, async () => {
  const directory = mkdtempSync(`${tmpdir()}/millrace-tutorial-`)
  // Inside the package, so that it finds the package by its name.
  const file = new URL(`./tutorial-${process.pid}.generated.ts`, import.meta.url)
  const printed: string[] = []
  const log = vi
    .spyOn(console, 'log')
    .mockImplementation((...args) => void printed.push(args.map(String).join(' ')))
  try {
    writeFileSync(file, programOf(readFileSync(PAGE, 'utf8'), directory))
    const { run } = await import(file.href)
    await run()
  } finally {
    log.mockRestore()
    rmSync(file, { force: true })
    rmSync(directory, { recursive: true, force: true })
  }
  expect(printed).toEqual([
    '0',
    '4 5',
    '1000 so far',
    '2000 so far',
    '3000 so far',
    '4000 so far',
    '5000 so far',
    '5000',
    `0 SFO 12 ${new Date().getFullYear()}`,
    expect.stringMatching(/^1 SFO 0 /),
    '0',
    'HA 5',
    'AbortError',
    '100',
    'customers,orders',
  ])
})
