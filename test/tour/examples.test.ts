import { execFile } from 'node:child_process'
import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MillraceProcess } from '../../packages/broker/compat/process/millrace-process.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const PRODUCED = [0, 1, 2]
  .map((offset) => `order ${offset + 1} is at offset ${offset} of partition 0\n`)
  .join('')
const PACKED = 'packed anvil\npacked rope\npacked magnet\n'
const REPLAYED = '1: coyote ordered rope\n2: coyote ordered magnet\n'

/** What each program prints, in an order in which the later ones find what the earlier ones wrote. */
const EXPECTED: readonly (readonly [string, string])[] = [
  ['client/produce', PRODUCED],
  ['client/consume', PACKED],
  ['client/replay', `0: coyote ordered anvil\n${REPLAYED}and again from offset 1:\n${REPLAYED}`],
  ['client/group', '100 parcels sent, 0 of them twice\n'],
  ['kafkajs/produce', PRODUCED],
  ['kafkajs/consume', PACKED],
  ['kafkajs/replay', REPLAYED],
  ['kafkajs/group', '100 letters sent\n'],
]

describe('the examples', () => {
  let broker: MillraceProcess
  beforeAll(async () => {
    broker = await MillraceProcess.start()
  })
  afterAll(async () => {
    await broker?.close()
  })

  it.each(EXPECTED)('%s prints what it says', async (name, expected) => {
    const args = ['--conditions=@millrace/source', '--no-warnings', 'examples/run.mjs', name]
    const env = { ...process.env, MILLRACE_BOOTSTRAP: broker.bootstrap }
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, env, timeout: 60_000 })
    expect(stdout).toBe(expected)
  })

  it('are all run', () => {
    const programs = globSync('*/*.{ts,mjs}', { cwd: `${ROOT}examples` }).map((path) =>
      path.replace(/\.\w+$/, ''),
    )
    // The page is run by the readme's tour.
    const others = ['kafkajs/kafka', 'browser/page']
    expect(programs.filter((path) => !others.includes(path)).sort()).toEqual(
      EXPECTED.map(([name]) => name).sort(),
    )
  })
})
