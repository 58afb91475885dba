import { execFile } from 'node:child_process'
import process from 'node:process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

it('the recipe for node:test runs', { timeout: 60_000 }, async () => {
  const file = new URL('node-test.ts', import.meta.url).pathname
  const options = ['--conditions=@millrace/source', '--test', '--test-reporter=tap', file]
  const { stdout } = await promisify(execFile)(process.execPath, options)
  expect(stdout).toMatch(/# pass 1\b/)
  expect(stdout).toMatch(/# fail 0\b/)
})
