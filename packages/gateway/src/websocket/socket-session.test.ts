import { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import { expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import { resolveGatewayOptions } from '../gateway-options.ts'
import { GatewayServices } from '../gateway-services.ts'
import { FeedRegistry } from '../listen/feed-registry.ts'
import { SocketSession } from './socket-session.ts'

/** A peer that takes what it is sent when the test says so, and answers no ping. */
class MutePeer extends EventEmitter {
  readonly OPEN = 1
  readyState = 1
  isPaused = false
  bufferedAmount = 0
  closeCode: number | null = null
  #written: (() => void)[] = []

  write(message: Buffer, onWritten: () => void): void {
    this.bufferedAmount += message.length
    this.#written.push(onWritten)
  }

  ping(): void {}

  close(code: number): void {
    this.closeCode = code
  }

  takeAll(): void {
    this.bufferedAmount = 0
    for (const onWritten of this.#written.splice(0)) onWritten()
  }
}

it('who takes records, however slowly, is there; who takes none and answers no ping is not', () => {
  const services = new GatewayServices(resolveGatewayOptions({}))
  const peer = new MutePeer()
  const session = new SocketSession(
    services,
    peer as unknown as WebSocket,
    peer as unknown as Duplex,
    new FeedRegistry(services),
  )
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
