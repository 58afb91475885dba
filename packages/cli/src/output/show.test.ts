import { expect, it, vi } from 'vitest'
import { confirm, note, show, table } from './show.ts'

/** What a function writes to standard output and standard error. */
async function written(write: () => unknown): Promise<{ out: string; err: string }> {
  const told = { out: '', err: '' }
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((data) => {
    told.out += String(data)
    return true
  })
  const err = vi.spyOn(process.stderr, 'write').mockImplementation((data) => {
    told.err += String(data)
    return true
  })
  try {
    await write()
  } finally {
    out.mockRestore()
    err.mockRestore()
  }
  return told
}

const ROWS = { value: [{ n: 1 }, { n: 2 }], asText: () => 'text\n' }

it('a list is one JSON document, or a line for each of its items', async () => {
  expect((await written(() => show({ output: 'json' }, ROWS))).out).toBe('[{"n":1},{"n":2}]\n')
  expect((await written(() => show({ output: 'ndjson' }, ROWS))).out).toBe('{"n":1}\n{"n":2}\n')
  expect((await written(() => show({ output: 'table' }, ROWS))).out).toBe('text\n')
  const one = { value: { n: 1 }, asText: () => '' }
  expect((await written(() => show({ output: 'ndjson' }, one))).out).toBe('{"n":1}\n')
})

it('what was done is not told in words when the command is to be quiet, and to programs always', async () => {
  const told = async (output: 'table' | 'json', quiet: boolean): Promise<string> =>
    (await written(() => confirm({ output, quiet }, ROWS))).out
  expect(await told('table', false)).toBe('text\n')
  expect(await told('table', true)).toBe('')
  expect(await told('json', true)).toBe('[{"n":1},{"n":2}]\n')
})

it('quiet tables have no head, and notes are left out', async () => {
  expect(table({ quiet: false }, ['A'], [['x']])).toBe('A\nx\n')
  expect(table({ quiet: true }, ['A'], [['x']])).toBe('x\n')
  expect((await written(() => note({ quiet: false }, 'a note\n'))).err).toBe('a note\n')
  expect((await written(() => note({ quiet: true }, 'a note\n'))).err).toBe('')
})
