import { type Broker, startBroker } from '@millrace/broker'
import { describe, expect, it } from 'vitest'
import { GatewayOptionError, startGateway } from './index.ts'
import { TestGateway } from './testing/test-gateway.ts'

describe('the gateway', () => {
  it('tells that it is alive and ready, and what it does not have', async () => {
    await using test = await TestGateway.start()
    expect(await test.json('/healthz')).toEqual({ status: 200, body: { status: 'alive' } })
    expect(await test.json('/readyz')).toEqual({ status: 200, body: { status: 'ready', reasons: [] } })
    const missing = await test.json('/nothing?x')
    expect(missing).toEqual({
      status: 404,
      body: { error: { code: 'NOT_FOUND', message: 'there is nothing at /nothing' } },
    })
    expect((await test.fetch('/healthz', { method: 'POST' })).headers.get('allow')).toBe('GET')
    expect(await (await test.fetch('/healthz', { method: 'HEAD' })).text()).toBe('')
  })

  it('is not ready while the broker loads, and closes with a broker that does not start', async () => {
    const loading = Promise.withResolvers<Broker>()
    await using gateway = await startGateway(loading.promise, { port: 0 })
    const ready = async (): Promise<Response> => fetch(`http://127.0.0.1:${gateway.port}/readyz`)
    const response = await ready()
    expect([response.status, await response.json()]).toEqual([
      503,
      { status: 'not ready', reasons: ['the broker is loading what it keeps'] },
    ])
    loading.reject(new Error('no disk'))
    await gateway.close()
    await expect(ready()).rejects.toThrow('fetch failed')
  })

  it('closes with its broker', async () => {
    await using test = await TestGateway.start()
    await test.broker.close()
    await test.gateway.close()
    await expect(test.fetch('/healthz')).rejects.toThrow('fetch failed')
  })

  it('listens on both loopback addresses, and says with the system code that a port is taken', async () => {
    await using test = await TestGateway.start()
    expect((await fetch(`http://[::1]:${test.gateway.port}/healthz`)).status).toBe(200)
    const again = startGateway(test.broker, { port: test.gateway.port })
    await expect(again).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })

  it('does not listen for other machines unless it is told to', async () => {
    await using broker = await startBroker({ host: '127.0.0.1', port: 0 })
    const open = startGateway(broker, { host: '0.0.0.0', port: 0 })
    await expect(open).rejects.toThrow(GatewayOptionError)
    await using gateway = await startGateway(broker, { host: '0.0.0.0', port: 0, insecure: true })
    expect((await fetch(`http://127.0.0.1:${gateway.port}/healthz`)).status).toBe(200)
    await expect(startGateway(broker, { allowedOrigins: ['*'] })).rejects.toThrow('origin *')
  })
})

describe('what browsers and attackers send', () => {
  const request = (headers: string): string => `GET /healthz HTTP/1.1\r\n${headers}connection: close\r\n\r\n`
  const statusOf = (answer: string): string => answer.slice(9, 12)

  it('is refused when its name or its page is not ours', async () => {
    await using test = await TestGateway.start({ allowedOrigins: ['https://app.example'] })
    expect(statusOf(await test.raw(request('host: localhost\r\n')))).toBe('200')
    expect(statusOf(await test.raw(request('host: evil.example\r\n')))).toBe('421')
    expect(statusOf(await test.raw(request('host: localhost\r\norigin: http://evil.example\r\n')))).toBe(
      '403',
    )
    const allowed = await test.raw(request('host: localhost\r\norigin: https://app.example\r\n'))
    expect(allowed).toContain('access-control-allow-origin: https://app.example\r\n')
    // A cache must not give this answer to another page, and no page may take it for a script.
    expect(allowed).toContain('vary: origin\r\n')
    expect(allowed).toContain('x-content-type-options: nosniff\r\n')
    const upgrade =
      'host: localhost\r\norigin: http://evil.example\r\nupgrade: websocket\r\nconnection: upgrade\r\n'
    expect(statusOf(await test.raw(`GET /v1/socket HTTP/1.1\r\n${upgrade}\r\n`))).toBe('403')
  })

  it('answers to the names that it was given', async () => {
    await using test = await TestGateway.start({ allowedHosts: ['Log.Example'] })
    expect(statusOf(await test.raw(request('host: log.example:80\r\n')))).toBe('200')
    expect(statusOf(await test.raw(request('host: not.log.example\r\n')))).toBe('421')
  })

  it('answers a preflight for the origins that are allowed', async () => {
    await using test = await TestGateway.start({ allowedOrigins: ['https://app.example'] })
    const headers = 'host: localhost\r\norigin: https://app.example\r\nconnection: close\r\n'
    const answer = await test.raw(`OPTIONS /v1/topics HTTP/1.1\r\n${headers}\r\n`)
    expect(statusOf(answer)).toBe('204')
    expect(answer).toContain('access-control-allow-methods: GET, HEAD, POST, DELETE\r\n')
    expect(answer).toContain('access-control-allow-headers: content-type, last-event-id\r\n')
  })

  it.each([
    ['no host', 'GET /healthz HTTP/1.1\r\n\r\n', '400'],
    [
      'a length and chunks',
      'POST /healthz HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      '400',
    ],
    [
      'two lengths',
      'POST /healthz HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nabcd',
      '400',
    ],
    ['a blank before the colon', 'GET /healthz HTTP/1.1\r\nhost : localhost\r\n\r\n', '400'],
    ['a line feed in a header', 'GET /healthz HTTP/1.1\r\nhost: localhost\r\nx: a\n\n\r\n', '400'],
    [
      'chunks that are none',
      'POST /v1/topics HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: xchunked\r\n\r\n',
      '501',
    ],
    [
      'headers without end',
      `GET /healthz HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
      '431',
    ],
    [
      'a target for a proxy',
      'GET http://evil.example/ HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n',
      '400',
    ],
    ['no HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', '400'],
  ])('is refused: %s', async (_what, bytes, status) => {
    await using test = await TestGateway.start()
    expect(statusOf(await test.raw(bytes))).toBe(status)
    expect((await test.fetch('/healthz')).status).toBe(200)
  })

  it('is cut off when it takes too long with its headers', async () => {
    await using test = await TestGateway.start({ limits: { headersTimeoutMs: 50 } })
    expect(statusOf(await test.raw('GET /healthz HTTP/1.1\r\nhost: loc'))).toBe('408')
  })

  it('finds no more than so many connections open', async () => {
    await using test = await TestGateway.start({ limits: { maxConnections: 0, maxWebSockets: 0 } })
    await expect(test.fetch('/healthz')).rejects.toThrow('fetch failed')
  })
})
