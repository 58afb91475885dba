import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

it('the comparison of clients still runs', async () => {
  const rows = ['--tiny', '--rows', 'produce-many,consume-decoded']
  const args = ['--conditions=@millrace/source', 'benchmarks/clients.ts', ...rows]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT })
  expect(stdout.match(/^\| (produce|consume)(.*\d+ \(\d+-\d+\) \|){1}/gm)).toHaveLength(2)
})
