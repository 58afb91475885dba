import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { frame, RawWebSocket } from '../testing/raw-web-socket.ts'
import { TestGateway } from '../testing/test-gateway.ts'
import { TestSocket } from '../testing/test-socket.ts'

const [TEXT, CLOSE, PING] = [0x81, 0x88, 0x89]
const [TEXT_START, CONTINUATION, LAST] = [0x01, 0x00, 0x80]
const MIB = 1024 * 1024
const DEEP = '['.repeat(10_000) + ']'.repeat(10_000)
const close = (code: number): Buffer => Buffer.from([code >> 8, code & 255])

let test: TestGateway
beforeAll(async () => {
  test = await TestGateway.start()
})
afterAll(() => test[Symbol.asyncDispose]())

describe('frames that break the protocol', () => {
  it.each<[string, Buffer[], number]>([
    ['a frame without a mask', [frame({ head: TEXT, payload: '{}', isMasked: false })], 1002],
    ['a reserved bit', [frame({ head: TEXT | 0x40, payload: '{}' })], 1002],
    ['two other reserved bits', [frame({ head: TEXT | 0x30, payload: '{}' })], 1002],
    ['an opcode that is none', [frame({ head: 0x83, payload: '{}' })], 1002],
    ['a control opcode that is none', [frame({ head: 0x8b })], 1002],
    ['a ping in pieces', [frame({ head: 0x09, payload: 'x' })], 1002],
    ['a ping of 126 bytes', [frame({ head: PING, payload: 'x'.repeat(126) })], 1002],
    ['a continuation of nothing', [frame({ head: LAST, payload: '{}' })], 1002],
    [
      'a text within a text',
      [frame({ head: TEXT_START, payload: '{' }), frame({ head: TEXT, payload: '}' })],
      1002,
    ],
    ['text that is no UTF-8', [frame({ head: TEXT, payload: Buffer.from([0xc0, 0xaf]) })], 1007],
    [
      'text that is no UTF-8, cut in the middle of a character',
      [
        frame({ head: TEXT_START, payload: Buffer.from([0xf4]) }),
        frame({ head: LAST, payload: Buffer.from([0x90]) }),
      ],
      1007,
    ],
    ['a close of one byte', [frame({ head: CLOSE, payload: 'x' })], 1002],
    ['a close with a code that is none', [frame({ head: CLOSE, payload: close(999) })], 1002],
    ['a close with a code that is never sent', [frame({ head: CLOSE, payload: close(1005) })], 1002],
    [
      'a close whose reason is no UTF-8',
      [frame({ head: CLOSE, payload: Buffer.concat([close(1000), Buffer.from([0xff])]) })],
      1007,
    ],
    ['a message of 5 MiB, before it is there', [frame({ head: TEXT, length: BigInt(5 * MIB) })], 1009],
    ['a message of 2^63 bytes', [frame({ head: TEXT, length: 2n ** 63n })], 1009],
    [
      'a message of 6 MiB in pieces',
      [
        frame({ head: TEXT_START, payload: 'x'.repeat(2 * MIB) }),
        frame({ head: CONTINUATION, payload: 'x'.repeat(2 * MIB) }),
        frame({ head: CONTINUATION, payload: 'x'.repeat(2 * MIB) }),
      ],
      1009,
    ],
    ['a message in a million pieces', Array(40_000).fill(frame({ head: CONTINUATION, payload: '' })), 1002],
    ['JSON of 100,000 lists in each other', [frame({ head: TEXT, payload: '['.repeat(100_000) })], 4400],
    ['a message that is a list', [frame({ head: TEXT, payload: '[]' })], 4400],
    [
      'a message about a prototype',
      [frame({ head: TEXT, payload: '{"__proto__":{"type":"credit"}}' })],
      4400,
    ],
    [
      'a mistake that takes more bytes to tell than a close frame has',
      [frame({ head: TEXT, payload: `{"type":"${'日'.repeat(200)}"}` })],
      4400,
    ],
    [
      'a value of 10,000 lists in each other',
      [frame({ head: TEXT, payload: `{"type":"produce","topic":"a","records":[{"value":${DEEP}}]}` })],
      4400,
    ],
    ['bytes', [frame({ head: 0x82, payload: '{}' })], 1003],
  ])('%s is refused', async (_what, frames, code) => {
    const raw = await RawWebSocket.open(test.gateway.port)
    raw.socket.write(Buffer.concat(frames))
    expect(await raw.closeCode()).toBe(code)
    expect((await test.fetch('/healthz')).status).toBe(200)
  })

  it('a text in pieces, with pings in between and byte by byte, is understood', async () => {
    const raw = await RawWebSocket.open(test.gateway.port)
    const bytes = Buffer.concat([
      frame({ head: TEXT_START, payload: '{"type":"unsub' }),
      frame({ head: PING, payload: 'are you there' }),
      frame({ head: CONTINUATION, payload: 'scribe","top' }),
      frame({ head: LAST, payload: 'ics":[]}' }),
    ])
    let answer = ''
    raw.socket.on('data', (chunk) => {
      answer += chunk.toString('latin1')
    })
    for (const byte of bytes) raw.socket.write(Buffer.from([byte]))
    while (!answer.includes('unsubscribed')) await once(raw.socket, 'data')
    expect(answer).toContain('are you there')
    raw.socket.destroy()
  })

  it('who asks and asks, and reads no answer, is not listened to any more', async () => {
    await using small = await TestGateway.start({ limits: { maxUnsentBytes: 256 * 1024 } })
    const raw = await RawWebSocket.open(small.gateway.port)
    raw.socket.pause()
    const question = frame({
      head: TEXT,
      payload: `{"type":"unsubscribe","topics":["${'x'.repeat(60_000)}"]}`,
    })
    // What is not read piles up on this side: kernels keep some megabytes for a connection, and never 64.
    expect(await writeUntilUnread(raw, question, small)).toBeLessThan(64 * MIB)
    raw.socket.destroy()
  })

  it('who did not read its answers for a while gets the records that came meanwhile', async () => {
    await using small = await TestGateway.start({ limits: { maxUnsentBytes: 256 * 1024 } })
    await small.client.admin.createTopics([{ name: 'a' }])
    const raw = await RawWebSocket.open(small.gateway.port)
    raw.socket.write(frame({ head: TEXT, payload: '{"type":"subscribe","topics":["a"],"credit":1000}' }))
    await once(raw.socket, 'data')
    await using other = await TestSocket.open(small.gateway.port)
    await other.ask({ type: 'subscribe', topics: ['a'], credit: 1_000 })
    raw.socket.pause()
    const question = frame({
      head: TEXT,
      payload: `{"type":"unsubscribe","topics":["${'x'.repeat(60_000)}"]}`,
    })
    await writeUntilUnread(raw, question, small)
    await small.client.producer().send('a', { value: 'meanwhile' })
    expect(await other.values(1)).toEqual(['meanwhile'])
    let text = ''
    raw.socket.on('data', (chunk) => {
      text = text.slice(-100) + chunk.toString('latin1')
      if (text.includes('meanwhile')) raw.socket.destroy()
    })
    raw.socket.resume()
    await once(raw.socket, 'close')
    expect(text).toContain('meanwhile')
  })
})

/**
 * Writes this again and again, until a MiB of it has stayed on this side for twenty turns in which the gateway answered
 * others, or 64 MiB are gone; gives the bytes written.
 */
async function writeUntilUnread(raw: RawWebSocket, bytes: Buffer, gateway: TestGateway): Promise<number> {
  let writtenBytes = 0
  for (let quietTurns = 0; quietTurns < 20 && writtenBytes < 64 * MIB; quietTurns++) {
    expect((await gateway.fetch('/healthz')).status).toBe(200)
    while (raw.socket.writableLength < MIB && writtenBytes < 64 * MIB) {
      raw.socket.write(bytes)
      writtenBytes += bytes.length
      quietTurns = 0
    }
  }
  return writtenBytes
}
