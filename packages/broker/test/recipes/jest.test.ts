import { execFile } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

it('the recipe for jest runs', { timeout: 60_000 }, async () => {
  const jest = fileURLToPath(import.meta.resolve('jest/bin/jest'))
  const cwd = fileURLToPath(new URL('jest/', import.meta.url))
  const args = ['--experimental-vm-modules', '--no-warnings', jest, '--config', 'jest.config.json']
  // Jest tells its results on standard error.
  const { stderr } = await promisify(execFile)(process.execPath, args, { cwd })
  expect(stderr).toMatch(/^Tests: +1 passed, 1 total$/m)
})
