import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestGateway } from '../testing/test-gateway.ts'

let test: TestGateway
beforeAll(async () => {
  test = await TestGateway.start({ limits: { headersTimeoutMs: 200, keepAliveMs: 100, stallMs: 100 } })
})
afterAll(() => test[Symbol.asyncDispose]())

const BODY = '{"name":"smuggled"}'
/** What an attacker hides in the body of another request, for a server that finds another end of that body. */
const HIDDEN = `POST /v1/topics HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`
const post = (headers: string, body: string): string =>
  `POST /v1/topics/never/records HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${headers}\r\n${body}`
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`

describe('a request that is hidden in another one', () => {
  it.each([
    [
      'a length and chunks',
      post('content-length: 4\r\ntransfer-encoding: chunked\r\n', `0\r\n\r\n${HIDDEN}`),
    ],
    [
      'chunks and a length',
      post('transfer-encoding: chunked\r\ncontent-length: 4\r\n', `0\r\n\r\n${HIDDEN}`),
    ],
    ['two lengths', post(`content-length: ${HIDDEN.length}\r\ncontent-length: 0\r\n`, HIDDEN)],
    ['two lengths in one header', post(`content-length: 0, ${HIDDEN.length}\r\n`, HIDDEN)],
    ['a length with a sign', post('content-length: +0\r\n', HIDDEN)],
    ['a length below nothing', post('content-length: -1\r\n', HIDDEN)],
    ['a length in hex', post('content-length: 0x0\r\n', HIDDEN)],
    ['a length with a blank in it', post('content-length: 0 1\r\n', HIDDEN)],
    ['an empty length', post('content-length: \r\n', HIDDEN)],
    ['a length of 20 digits', post('content-length: 18446744073709551616\r\n', HIDDEN)],
    ['a blank before the colon of a length', post(`content-length : ${HIDDEN.length}\r\n`, HIDDEN)],
    [
      'chunks, spelled with a tab',
      post('transfer-encoding:\tchunked\r\ncontent-length: 4\r\n', `0\r\n\r\n${HIDDEN}`),
    ],
    [
      'chunks in a folded header',
      post('transfer-encoding:\r\n chunked\r\ncontent-length: 4\r\n', `0\r\n\r\n${HIDDEN}`),
    ],
    ['a coding that is none', post('transfer-encoding: xchunked\r\n', `0\r\n\r\n${HIDDEN}`)],
    ['a coding that is none, at once', post('transfer-encoding: xchunked\r\n', HIDDEN)],
    ['chunks that are not last', post('transfer-encoding: chunked, identity\r\n', `0\r\n\r\n${HIDDEN}`)],
    [
      'chunks twice',
      post('transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n', `0\r\n\r\n${HIDDEN}`),
    ],
    ['a chunk size with a prefix', post('transfer-encoding: chunked\r\n', `0x0\r\n\r\n${HIDDEN}`)],
    ['a chunk size with a sign', post('transfer-encoding: chunked\r\n', `-0\r\n\r\n${HIDDEN}`)],
    ['a chunk size that overflows', post('transfer-encoding: chunked\r\n', `10000000000000000\r\n${HIDDEN}`)],
    [
      'a chunk that is longer than it says',
      post('transfer-encoding: chunked\r\n', `1\r\nxx\r\n0\r\n\r\n${HIDDEN}`),
    ],
    [
      'a chunk that ends with a line feed alone',
      post('transfer-encoding: chunked\r\n', `1\nx\n0\n\n${HIDDEN}`),
    ],
    ['lines that end with a carriage return alone', `GET /healthz HTTP/1.1\rhost: localhost\r\r${HIDDEN}`],
    ['a zero in a header', post('x: \0\r\ncontent-length: 0\r\n', HIDDEN)],
    ['a version that is none', `GET /healthz HTTP/9.9\r\nhost: localhost\r\n\r\n${HIDDEN}`],
    [
      'an upgrade that is refused',
      `GET /v1/nothing HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n${HIDDEN}`,
    ],
    [
      'an upgrade to another protocol',
      `GET /healthz HTTP/1.1\r\nhost: localhost\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n${HIDDEN}`,
    ],
  ])('is not found: %s', async (_what, bytes) => {
    const answer = await test.raw(bytes)
    // Whatever is answered is a refusal, of the request and of what comes behind it.
    expect(answer).toMatch(/^(HTTP\/1\.1 [45]\d\d .*)?$/s)
    expect(answer).not.toMatch(/^HTTP\/1\.1 [123]/m)
    const { body } = await test.json('/v1/topics')
    expect(JSON.stringify(body)).not.toContain('smuggled')
  })

  it('is data where it is the body, and a request where it comes behind one', async () => {
    const length = `content-length: ${HIDDEN.length}\r\nconnection: close\r\n`
    expect(await test.raw(post(length, HIDDEN))).toMatch(/^HTTP\/1\.1 400 .*"the body is no JSON: /s)
    const chunked = post('transfer-encoding: chunked\r\nconnection: close\r\n', chunk(HIDDEN))
    expect(await test.raw(chunked)).toMatch(/^HTTP\/1\.1 400 .*"the body is no JSON: /s)
    expect(JSON.stringify((await test.json('/v1/topics')).body)).not.toContain('smuggled')
    const two = await test.raw(`GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n${HIDDEN}`)
    expect(two.match(/^HTTP\/1\.1 20[01] /gm)).toHaveLength(2)
  })
})
