import { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import { silentLogger } from '@millrace/broker'
import { expect, it, vi } from 'vitest'
import type { WebSocket } from 'ws'
import { resolveGatewayOptions } from '../gateway-options.ts'
import { GatewayServices } from '../gateway-services.ts'
import { HttpError } from '../http/http-error.ts'
import { FeedRegistry } from '../listen/feed-registry.ts'
import { SocketSession } from './socket-session.ts'

/** A peer that takes what it is sent when the test says so, and answers no ping. */
class MutePeer extends EventEmitter {
  readonly OPEN = 1
  readyState = 1
  isPaused = false
  bufferedAmount = 0
  closeCode: number | null = null
  closeReason = ''
  readonly answers: string[] = []
  #written: (() => void)[] = []

  write(message: Buffer, onWritten: () => void): void {
    this.bufferedAmount += message.length
    this.#written.push(onWritten)
  }

  ping(): void {}

  send(message: string): void {
    this.answers.push(message)
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
  }

  close(code: number, reason: string): void {
    this.closeCode = code
    this.closeReason = reason
  }

  takeAll(): void {
    this.bufferedAmount = 0
    for (const onWritten of this.#written.splice(0)) onWritten()
  }
}

function sessionOf(peer: MutePeer, services: GatewayServices): SocketSession {
  return new SocketSession(
    services,
    peer as unknown as WebSocket,
    peer as unknown as Duplex,
    new FeedRegistry(services),
  )
}

it('who takes records, however slowly, is there; who takes none and answers no ping is not', () => {
  const services = new GatewayServices(resolveGatewayOptions({}))
  const peer = new MutePeer()
  const session = sessionOf(peer, services)
  const more = Buffer.alloc(services.settings.limits.maxUnsentBytes + 1)
  for (let time = 0; time < 3; time++) {
    session.send(more, 1)
    session.checkAlive()
    expect(peer.closeCode).toBeNull()
    peer.takeAll()
  }
  session.send(more, 1)
  session.checkAlive()
  session.checkAlive()
  expect(peer.closeCode).toBe(4408)
})

it('who changes its mind faster than it can subscribe is not listened to until there is room again', async () => {
  const services = new GatewayServices(resolveGatewayOptions({}))
  const client = Promise.withResolvers<never>()
  vi.spyOn(services, 'client').mockReturnValue(client.promise)
  const peer = new MutePeer()
  sessionOf(peer, services)
  peer.emit('message', Buffer.from('{"type":"subscribe","topics":["a"]}'), false)
  let sentCount = 1
  for (; !peer.isPaused && sentCount < 1_000; sentCount++) {
    peer.emit('message', Buffer.from('{"type":"unsubscribe","topics":["a"]}'), false)
  }
  expect(sentCount).toBe(services.settings.limits.maxChangesWaiting)
  client.reject(new HttpError(503, 'NOT_READY', 'not yet'))
  await vi.waitFor(() => expect(peer.answers).toHaveLength(sentCount), { timeout: 30_000 })
  expect(peer.isPaused).toBe(false)
})

it('a mistake of the gateway ends the socket, and is told to the log alone', async () => {
  const error = vi.fn()
  const services = new GatewayServices(resolveGatewayOptions({ logger: { ...silentLogger, error } }))
  vi.spyOn(services, 'client').mockRejectedValue(new TypeError('x is no function'))
  const peer = new MutePeer()
  sessionOf(peer, services)
  peer.emit('message', Buffer.from('{"type":"subscribe","topics":["a"]}'), false)
  await vi.waitFor(() => expect(peer.closeCode).toBe(1011), { timeout: 30_000 })
  expect(peer.closeReason).not.toContain('function')
  expect(JSON.stringify(error.mock.calls)).toContain('x is no function')
})
