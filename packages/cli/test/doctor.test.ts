/** `doctor`. */
import { expect, it } from 'vitest'
import { runMillrace } from './millrace-process.ts'
import { servedBroker } from './served-broker.ts'

const broker = servedBroker()
const { data, run } = broker

it('looks at everything, and leaves nothing behind', async () => {
  const { code, stdout } = await run(`doctor --data ${broker.dataDir}`)
  expect(code).toBe(0)
  for (const subject of [
    'memory',
    'file system',
    'sync',
    'cluster',
    'advertised address of broker 1',
    'versions',
    'partitions',
    'clock',
  ]) {
    expect(stdout).toMatch(new RegExp(`^(ok|warning) +${subject}: `, 'm'))
  }
  expect(await data('topic list')).not.toContain('millrace-doctor')
})

it('names groups that stand still, and why', async () => {
  await data('topic create slow')
  await data('produce slow', 'a\nb\n')
  await data('group reset sleepers --topic slow --to beginning --execute')
  expect(await data('doctor')).toMatch(/warning +group sleepers: 2 records behind, and it has no members/)
})

it('ends with 1 when nobody answers', async () => {
  const { code, stdout, stderr } = await runMillrace(['doctor', '--bootstrap', 'localhost:1'])
  expect({ code, stdout: stdout.match(/BROKEN.*/)?.[0] }).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('no broker answers at localhost:1'),
  })
  expect(stderr).toMatch(/^millrace: 1 of \d+ things are broken/)
})
