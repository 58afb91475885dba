import { SimulatedClock } from '@millrace/simulator'
import { describe, expect, it } from 'vitest'
import { parseBrokerConfig } from '../config/broker-config.ts'
import { type Limits, limitsFrom } from '../limits.ts'
import { BrokerMetrics } from '../metrics/broker-metrics.ts'
import type { Logger } from '../observability.ts'
import { FakeStream, frames } from '../testing/fake-stream.ts'
import { ConnectionRegistry } from './connection-registry.ts'
import { ReplyBudget } from './reply-budget.ts'

const LISTENER = { name: 'PLAINTEXT', host: 'localhost', port: 9092, nodeId: 1 }

class World {
  readonly clock = new SimulatedClock()
  readonly warnings: string[] = []
  readonly metrics = new BrokerMetrics()
  readonly registry: ConnectionRegistry
  readonly closedIds: number[] = []

  constructor(changes: Partial<Limits> = {}, maxIdleMs = 60_000) {
    const limits = { ...limitsFrom(parseBrokerConfig({})), ...changes }
    const logger: Logger = {
      isLevelEnabled: () => true,
      debug: () => {},
      info: () => {},
      warn: (_fields, message) => this.warnings.push(message),
      error: () => {},
    }
    this.registry = new ConnectionRegistry({
      limits,
      maxIdleMs,
      clock: this.clock,
      logger,
      replyBudget: new ReplyBudget(limits, (run) => run()),
      metrics: this.metrics,
      route: (frame) => (frame.toString() === 'wait' ? new Promise<never>(() => {}) : [frame]),
      onConnectionClosed: ({ id }) => this.closedIds.push(id),
      onHandlerError: () => {},
    })
  }

  connect(address = 'a'): FakeStream {
    const stream = new FakeStream(address)
    this.registry.admit(stream, LISTENER)
    return stream
  }
}

describe('ConnectionRegistry', () => {
  it('refuses connections above the limit, and says so once a second', async () => {
    const world = new World({ maxConnections: 2 })
    const streams = Array.from({ length: 50 }, () => world.connect())
    expect(streams.map(({ isDestroyed }) => isDestroyed).filter(Boolean)).toHaveLength(48)
    expect(world.registry.size).toBe(2)
    expect(world.warnings).toHaveLength(1)
    expect(world.metrics.connectionsRefused.count).toBe(48)
    streams[0]?.receiver?.onClosed()
    expect(world.connect().isDestroyed).toBe(false)
  })

  it('refuses connections of one address above its limit, and of no other', () => {
    const world = new World({ maxConnectionsPerAddress: 1 })
    const first = world.connect('a')
    expect(world.connect('a').isDestroyed).toBe(true)
    expect(world.connect('b').isDestroyed).toBe(false)
    first.receiver?.onClosed()
    expect(world.connect('a').isDestroyed).toBe(false)
  })

  it('closes idle connections, and none that was used', async () => {
    const world = new World({}, 10_000)
    const idle = world.connect()
    const used = world.connect()
    for (let second = 0; second < 15; second++) {
      await world.clock.advance(1000)
      used.receiver?.onData(frames('x'))
    }
    expect(idle.isDestroyed).toBe(true)
    expect(used.isDestroyed).toBe(false)
    expect(world.closedIds).toEqual([1])
  })

  it('closes no connection whose request waits, however long', async () => {
    const world = new World({}, 10_000)
    const waiting = world.connect()
    waiting.receiver?.onData(frames('wait'))
    await world.clock.advance(60_000)
    expect(waiting.isDestroyed).toBe(false)
  })

  it('closes no idle connection when there is no limit', async () => {
    const world = new World({}, -1)
    const idle = world.connect()
    await world.clock.advance(24 * 3_600_000)
    expect(idle.isDestroyed).toBe(false)
  })

  it('closes who takes nothing while too much is held, and nobody who makes progress', async () => {
    const world = new World({ maxUnsentBytesInAll: 1000, maxStallMs: 5000 }, -1)
    const pile = (stream: FakeStream, bytes: number): void => {
      stream.unsentBytes = bytes
      stream.receiver?.onData(frames('x'))
    }
    const [stalled, slow, small] = [world.connect(), world.connect(), world.connect()]
    pile(stalled, 700)
    pile(slow, 700)
    pile(small, 10)
    for (let second = 0; second < 12; second++) {
      await world.clock.advance(1000)
      slow.unsentBytes -= 10
    }
    expect([stalled, slow, small].map(({ isDestroyed }) => isDestroyed)).toEqual([true, false, false])
  })

  it('closes the sender of a large frame that stalls while others wait', async () => {
    const world = new World({ readAheadBytes: 10, maxReceivedBytesInAll: 50, maxStallMs: 5000 }, -1)
    const large = frames('x'.repeat(90))
    const [stalled, waiting] = [world.connect(), world.connect()]
    stalled.receiver?.onData(large.subarray(0, 60))
    waiting.receiver?.onData(large.subarray(0, 60))
    expect(waiting.isPaused).toBe(true)
    await world.clock.advance(10_000)
    expect(stalled.isDestroyed).toBe(true)
    expect(waiting.isPaused).toBe(false)
    expect(waiting.isDestroyed).toBe(false)
  })

  it('closes no sender of a large frame that goes on sending', async () => {
    const world = new World({ readAheadBytes: 10, maxReceivedBytesInAll: 50, maxStallMs: 5000 }, -1)
    const large = frames('x'.repeat(90))
    const [slow, waiting] = [world.connect(), world.connect()]
    slow.receiver?.onData(large.subarray(0, 60))
    waiting.receiver?.onData(large.subarray(0, 60))
    for (let at = 60; at < 80; at++) {
      await world.clock.advance(1000)
      slow.receiver?.onData(large.subarray(at, at + 1))
    }
    expect([slow, waiting].map(({ isDestroyed }) => isDestroyed)).toEqual([false, false])
  })

  it('ends every connection when it is drained, and cuts off who does not go', async () => {
    const world = new World()
    const [polite, stuck] = [world.connect(), world.connect()]
    const drained = world.registry.drain(1500)
    expect([polite.isEnded, stuck.isEnded]).toEqual([true, true])
    polite.receiver?.onClosed()
    await world.clock.settle(drained)
    expect(stuck.isDestroyed).toBe(true)
    expect(world.registry.size).toBe(0)
    expect(world.clock.monotonicMs()).toBeLessThanOrEqual(1500)
  })
})
