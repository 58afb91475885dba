import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

it('the figures of the command still come', async () => {
  const args = ['--conditions=@millrace/source', 'benchmarks/cli.ts', '--tiny']
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT })
  expect(stdout.match(/^\| .*millrace.* \| \d+ \| \d+ \(\d+-\d+\) \|/gm)).toHaveLength(3)
  expect(stdout.match(/^\| `(produce|tail)`.* \| \d+ \(\d+-\d+\) \|/gm)).toHaveLength(2)
})
