/** `replay`, into a WebSocket too. */
import { beforeAll, expect, it } from 'vitest'
import { runMillrace } from './millrace-process.ts'
import { servedBroker } from './served-broker.ts'
import { WebSocketSink } from './websocket-sink.ts'

const LINES = Array.from({ length: 60 }, (_, i) => `{"n":${i},"time":${978307200000 + i * 5}}`)
const broker = servedBroker()
const { data, failure } = broker

beforeAll(async () => {
  const { bootstrap } = broker
  await runMillrace(['topic', 'create', 'history', '--partitions', '3'], { bootstrap })
  await runMillrace(['produce', 'history', '--key', '{n}', '--timestamp-field', 'time'], {
    bootstrap,
    input: `${LINES.join('\n')}\n`,
  })
})

function replay(...args: string[]) {
  return runMillrace(['replay', 'history', ...args], { bootstrap: broker.bootstrap })
}

it('sends history again in the order of time, at its pace or as fast as it goes', async () => {
  await data('topic create told --partitions 3')
  await data('topic create again --partitions 3')
  const lines = Array.from(
    { length: 60 },
    (_, i) => `{"n":${i},"k":"k${i % 7}","time":${978307200000 + i * 20}}`,
  )
  await data('produce told --key-field k --timestamp-field time --header h={n}', `${lines.join('\n')}\n`)
  expect(await data('replay told --speed max')).toBe(`${lines.join('\n')}\n`)
  const startMs = performance.now()
  expect(await data('replay told --speed 2 --until 2001-01-01T00:00:01Z')).toBe(
    `${lines.slice(0, 50).join('\n')}\n`,
  )
  // 49 steps of 20 ms at twice the pace.
  expect(performance.now() - startMs).toBeGreaterThan(490)
  // Not where its key alone would put it.
  await data('produce told --partition 2 --key k0 --timestamp-field time', '{"n":60,"time":978307300000}\n')
  await data('produce told --partition 1 --key k0 --timestamp-field time', '{"n":61,"time":978307300001}\n')
  await data('replay told --speed max --times 2 --to again')
  for (const partition of [0, 1, 2]) {
    const show = `--from beginning --no-follow --partition ${partition} -f %k|%T|%h|%v\\n`
    const before = await data(`tail told ${show}`)
    expect(await data(`tail again ${show}`)).toBe(before + before)
  }
  await data('topic create narrow')
  await data('replay history --speed max --to narrow')
  expect(await data('tail narrow --from beginning --no-follow')).toBe(`${LINES.join('\n')}\n`)
  expect(await failure('replay told --speed never')).toContain('--speed never: expected')
  expect(await failure('replay told --to told')).toContain('into itself')
  expect(await failure('replay nowhere')).toContain('there is no topic "nowhere"')
})

it('sends a WebSocket one message a record, in the order of time, and closes when all have arrived', async () => {
  await using sink = await WebSocketSink.start()
  expect(await replay('--to', sink.url, '--speed', '10')).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(sink.messages).toEqual(LINES.map((line) => `${line}\n`))
})

it('into a WebSocket takes the formats of tail', async () => {
  await using sink = await WebSocketSink.start()
  await replay('--to', sink.url, '--speed', 'max', '-f', '%k %T', '--until', '2001-01-01T00:00:00.010Z')
  expect(sink.messages).toEqual(['0 978307200000', '1 978307200005'])
})

it('a connection that is lost, or never was, is an error in one line', async () => {
  await using sink = await WebSocketSink.start()
  sink.cutOffAfter(5)
  const { url } = sink
  const lost = await replay('--to', url)
  expect(lost).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^millrace: ws:\S+ cannot be reached, or has closed[^\n]*\n$/),
  })
  expect(sink.messages.length).toBeLessThan(LINES.length)
  const never = await replay('--to', 'ws://localhost:1/')
  expect(never).toMatchObject({ code: 1, stderr: expect.stringContaining('cannot be reached') })
})
