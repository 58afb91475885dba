import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

it.each(['micro', 'macro', 'log'])('the %s benchmarks still run', async (suite) => {
  const args = ['--conditions=@millrace/source', 'benchmarks/main.ts', suite, '--tiny']
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, maxBuffer: 1 << 24 })
  expect(stdout).toMatch(/^\|/m)
})
