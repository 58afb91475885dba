/** `tail`. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { LAUNCHER, RunningCommand, runMillrace } from './millrace-process.ts'
import { servedBroker } from './served-broker.ts'

const broker = servedBroker()
const { data, failure } = broker

it('starts and ends where it is told', async () => {
  await data('topic create ranges --partitions 2')
  const lines = Array.from({ length: 20 }, (_, i) => `{"n":${i},"time":${978307200000 + i * 1000}}`)
  await data('produce ranges --partition 1 --timestamp-field time', `${lines.join('\n')}\n`)
  const rows = async (args: string): Promise<string> =>
    data(`tail ranges --no-follow -f %p:%o,${args === '' ? '' : ` ${args}`}`)
  expect(await rows('--from -2')).toBe('1:18,1:19,')
  expect(await rows('--from 17 --partition 1')).toBe('1:17,1:18,1:19,')
  expect(await rows('--from 2001-01-01T00:00:18Z')).toBe('1:18,1:19,')
  expect(await rows('--from end')).toBe('')
  expect(await rows('--from beginning --partition 0')).toBe('')
  expect((await rows('')).split(',')).toHaveLength(11)
})

it('shows JSON, one object a line', async () => {
  await data('topic create objects')
  await data('produce objects --key-field k', '{"k":"x","n":1}\n')
  const [record] = (await data('tail objects --from beginning --no-follow -o json')).trimEnd().split('\n')
  expect(JSON.parse(record ?? '')).toMatchObject({
    topic: 'objects',
    offset: 0,
    key: 'x',
    value: { k: 'x', n: 1 },
  })
})

it('shows only what is asked for', async () => {
  await data('topic create asked-a')
  await data('topic create asked-b')
  const lines = Array.from({ length: 100 }, (_, i) => `{"n":${i},"k":"k${i % 10}"}`)
  await data('produce asked-a --key-field k', `${lines.join('\n')}\n`)
  await data('produce asked-b --key-field k', `${lines.join('\n')}\n`)
  const count = async (...args: string[]): Promise<number> => {
    const options = ['tail', 'asked-a', '--from', 'beginning', '--no-follow', ...args]
    const { stdout } = await runMillrace(options, { bootstrap: broker.bootstrap })
    return stdout.split('\n').length - 1
  }
  expect(await count('--key', 'k3')).toBe(10)
  expect(await count('--where', 'value.n >= 90 && key != "k9"')).toBe(9)
  expect(await count('--grep', '"n":4\\d')).toBe(10)
  expect(await count('--sample', '25')).toBe(4)
  expect(await count('--until', '30')).toBe(30)
  expect(await count('-n', '7')).toBe(7)
  const both = await data('tail asked-* --from beginning --no-follow -f %t\\n')
  expect(both.match(/asked-a/g)).toHaveLength(100)
  expect(both.match(/asked-b/g)).toHaveLength(100)
  expect(await failure('tail nothing-* --no-follow')).toContain('no topic matches nothing-*')
  expect(await failure('tail asked-a --where delay>3')).toContain('there is no "delay"')
  // Ends by itself although it would follow.
  expect(await data('tail asked-a --from beginning -n 2')).toBe(`${lines.slice(0, 2).join('\n')}\n`)
})

it('follows what arrives, and ends with 0 on Ctrl-C', async () => {
  await data('topic create live')
  await data('produce live', 'old\n')
  const tail = new RunningCommand(['tail', 'live', '--bootstrap', broker.bootstrap])
  await tail.untilOutput('old\n')
  await data('produce live', 'new\n')
  await tail.untilOutput('new\n')
  tail.child.kill('SIGINT')
  expect(await tail.result()).toEqual({ code: 0, stdout: 'old\nnew\n', stderr: '' })
})

it('ends with 0 when the reader of the pipe goes away', async () => {
  await data('topic create piped')
  await data('produce piped', `${'x'.repeat(1000)}\n`.repeat(2000))
  const command = `"${process.execPath}" "${LAUNCHER}" tail piped --from beginning --bootstrap ${broker.bootstrap}`
  const shell = spawn('bash', ['-c', `${command} | head -1 > /dev/null; exit \${PIPESTATUS[0]}`], {
    stdio: 'inherit',
  })
  const [code] = await once(shell, 'exit')
  expect(code).toBe(0)
})
