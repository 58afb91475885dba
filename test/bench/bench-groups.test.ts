import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const ROWS = 11

it('the benchmarks of groups still run', async () => {
  const args = ['--conditions=@millrace/source', '--no-warnings', 'benchmarks/groups.ts', '--tiny']
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT })
  expect(stdout.match(/^\| .*\d \(/gm)).toHaveLength(ROWS)
})
