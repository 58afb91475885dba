// A process that appends as fast as it can and says what was acknowledged, until it kills itself: see kills.test.ts.
import process from 'node:process'
import { type FileHandle, nodeFileSystem, openLogDirectory } from '@millrace/log-core'

const [path = '', roundText = '0', killAtText = '0'] = process.argv.slice(2)
const killAt = Number(killAtText)
let calls = 0

/** Every call that reaches the disk counts; the process dies in front of one of them, as it could at any. */
function mortal<T extends object>(
  inner: T,
  wrap: (name: string, result: unknown) => unknown = (_, result) => result,
): T {
  return new Proxy(inner, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function' || typeof name !== 'string') return value
      return (...args: unknown[]) => {
        calls++
        if (calls === killAt) process.kill(process.pid, 'SIGKILL')
        return wrap(name, value.apply(target, args))
      }
    },
  })
}

const fileSystem = mortal(nodeFileSystem(), (name, result) =>
  name === 'open' && isHandle(result) ? mortal(result) : result,
)

function isHandle(value: unknown): value is FileHandle {
  return typeof value === 'object' && value !== null && 'appendSync' in value
}

const directory = await openLogDirectory(path, { fileSystem })
const log = await directory.openLog('log', {
  config: { segmentBytes: 20_000, retentionBytes: 200_000, fileDeleteDelayMs: 0 },
  durability: Number(roundText) % 2 === 0 ? 'synced' : 'written',
})
let next = log.info().endOffset
for (let turn = 1; ; turn++) {
  const values = Array.from({ length: 1 + (next % 17) }, (_, i) =>
    Buffer.from(`value ${next + i}`.padEnd(100, '.')),
  )
  next += values.length
  const appended = await Promise.all(values.map((value) => log.append({ value })))
  process.stdout.write(`${appended.at(-1)?.offset}\n`)
  if (turn % 25 === 0) await directory.housekeep()
}
