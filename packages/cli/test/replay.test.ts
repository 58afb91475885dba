/** `replay` into a WebSocket. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runMillrace, ServeProcess } from './millrace-process.ts'
import { WebSocketSink } from './websocket-sink.ts'

const LINES = Array.from({ length: 60 }, (_, i) => `{"n":${i},"time":${978307200000 + i * 5}}`)
let broker: ServeProcess

beforeAll(async () => {
  broker = await ServeProcess.start()
  const { bootstrap } = broker
  await runMillrace(['topic', 'create', 'history', '--partitions', '3'], { bootstrap })
  await runMillrace(['produce', 'history', '--key', '{n}', '--timestamp-field', 'time'], {
    bootstrap,
    input: `${LINES.join('\n')}\n`,
  })
})
afterAll(() => broker[Symbol.asyncDispose]())

function replay(...args: string[]) {
  return runMillrace(['replay', 'history', ...args], { bootstrap: broker.bootstrap })
}

it('sends one message a record, in the order of time, and closes when all have arrived', async () => {
  await using sink = await WebSocketSink.start()
  expect(await replay('--to', sink.url, '--speed', '10')).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(sink.messages).toEqual(LINES.map((line) => `${line}\n`))
})

it('takes the formats of tail', async () => {
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
