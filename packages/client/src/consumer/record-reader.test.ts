import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { ErrorCode } from '@millrace/protocol'
import { describe, expect, it } from 'vitest'
import { FakeClock, within } from '../../test/fake-clock.ts'
import { FakeLog } from '../../test/fake-log.ts'
import { createClient } from '../client.ts'
import type { ReadOptions, RecordReader } from './record-reader.ts'

interface Setup {
  readonly log: FakeLog
  readonly clock: FakeClock
  read(options?: ReadOptions): RecordReader
}

function setup(): Setup {
  const log = new FakeLog()
  const clock = new FakeClock()
  const client = createClient({ bootstrapServers: 'node1:9092', network: log, clock })
  return { log, clock, read: (options) => client.read('flights', options) }
}

async function offsetsOf(reader: RecordReader): Promise<number[]> {
  const offsets: number[] = []
  for await (const { offset } of reader) offsets.push(offset)
  return offsets
}

/** Longer than any patience of a reader. */
const LONG_MS = 200_000
const TEN = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]

describe('reading', () => {
  it('goes to the leader that the metadata names, and to the next one when it has moved', async () => {
    const { log, clock, read } = setup()
    const asked: string[] = []
    log.onFetch = (_partition, offset, { connection }) => {
      asked.push(connection.address.host)
      if (connection.address.host === `node${log.leader}`) {
        if (offset < 5) {
          log.leader = 2
          log.leaderEpoch++
          return { records: log.batch(offset, 5) }
        }
        return { records: log.batch(offset, log.end - offset) }
      }
      return { errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER }
    }
    expect(await within(clock, LONG_MS, offsetsOf(read()))).toEqual(TEN)
    expect(asked).toEqual(['node1', 'node1', 'node2'])
  })

  it('goes on where it was when the connection was cut, without a gap or a double', async () => {
    const { log, clock, read } = setup()
    let cuts = 0
    log.onFetch = (_partition, offset, { connection }) => {
      if (cuts++ % 2 === 0) connection.cut()
      return { records: log.batch(offset, 3) }
    }
    expect(await within(clock, LONG_MS, offsetsOf(read()))).toEqual(TEN)
    expect(cuts).toBeGreaterThan(6)
  })

  it('fetches ahead no more than its buffer holds, all partitions together', async () => {
    const { log, clock, read } = setup()
    log.partitions = 4
    log.end = 1_000_000
    log.onFetch = (_partition, offset) => ({ records: log.batch(offset, 4_000) })
    const reader = read({ readAheadBytes: 65_536 })
    await within(clock, LONG_MS, reader.nextBatch())
    await clock.advance(10_000)
    // Each partition has less than the buffer, the four of them more.
    expect(log.batch(0, 4_000).length).toBeLessThan(65_536)
    expect(log.count('Fetch')).toBe(1)
    await reader.close()
  })

  it('does not let a partition at its end hold back one whose buffer was full', async () => {
    const { log, clock, read } = setup()
    log.partitions = 2
    log.end = 1_000_000
    const waits: number[] = []
    log.onFetch = (partition, offset, { body }) => {
      if (partition === 0) return { records: log.batch(offset, 40_000) }
      if (body.topics[0].partitions.length === 1) waits.push(body.maxWaitMs)
      return {}
    }
    const reader = read({ readAheadBytes: 8_000_000, follow: true })
    await within(clock, LONG_MS, reader.nextBatch())
    waits.length = 0
    await clock.advance(100)
    expect(waits.length).toBeGreaterThan(3)
    expect(waits.length).toBeLessThan(12)
    expect(new Set(waits)).toEqual(new Set([0]))
    await reader.close()
  })

  it('goes on at the new beginning when retention was quicker than a reader from the beginning', async () => {
    const { log, clock, read } = setup()
    log.onFetch = (_partition, offset) => {
      if (offset === 0) log.begin = 7
      return offset < log.begin
        ? { errorCode: ErrorCode.OFFSET_OUT_OF_RANGE }
        : { records: log.batch(offset, log.end - offset) }
    }
    expect(await within(clock, LONG_MS, offsetsOf(read()))).toEqual([7, 8, 9])
  })

  it('tells who asked for a certain offset what there is instead', async () => {
    const { log, clock, read } = setup()
    log.begin = 4
    log.onFetch = () => ({ errorCode: ErrorCode.OFFSET_OUT_OF_RANGE })
    await expect(within(clock, LONG_MS, offsetsOf(read({ from: 2 })))).rejects.toMatchObject({
      code: 'OFFSET_OUT_OF_RANGE',
      message: 'flights/0 has offsets 4 to 9, not 2',
    })
  })

  it('goes back to where a log was cut, and tells whoever listens', async () => {
    const { log, clock, read } = setup()
    const cuts: unknown[] = []
    const onCut = (cut: unknown): void => void cuts.push(cut)
    subscribe('millrace.client.log-cut', onCut)
    log.onFetch = (_partition, offset, { connection }) => {
      if (offset === 0) return { records: log.batch(0, 8, 0) }
      if (log.leaderEpoch === 1) return { records: log.batch(offset, log.end - offset, 1) }
      // The broker is killed, and comes back without its last three records.
      log.leaderEpoch = 1
      log.epochEnds[0] = 5
      connection.cut()
      return {}
    }
    expect(await within(clock, LONG_MS, offsetsOf(read()))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 5, 6, 7, 8, 9])
    expect(cuts).toEqual([{ topic: 'flights', partition: 0, offset: 5, readUpTo: 8 }])
    unsubscribe('millrace.client.log-cut', onCut)
  })

  it('goes on where it was under a new epoch when nothing was lost', async () => {
    const { log, clock, read } = setup()
    log.onFetch = (_partition, offset, { connection }) => {
      if (offset === 0) return { records: log.batch(0, 8, 0) }
      if (log.leaderEpoch === 0) {
        log.leaderEpoch = 1
        log.epochEnds[0] = 8
        connection.cut()
      }
      return { records: log.batch(offset, log.end - offset, 1) }
    }
    expect(await within(clock, LONG_MS, offsetsOf(read()))).toEqual(TEN)
    expect(log.count('OffsetForLeaderEpoch')).toBe(1)
  })

  it('ends with an error when the topic is deleted', async () => {
    const { log, clock, read } = setup()
    log.onFetch = () => {
      log.isKnown = false
      return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION }
    }
    await expect(within(clock, LONG_MS, offsetsOf(read()))).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' })
  })

  it('gives up after the API timeout when it has an end, and never when it follows', async () => {
    const { log, clock, read } = setup()
    log.onFetch = () => ({ errorCode: ErrorCode.KAFKA_STORAGE_ERROR })
    await expect(within(clock, LONG_MS, offsetsOf(read()))).rejects.toMatchObject({
      codeName: 'KAFKA_STORAGE_ERROR',
    })
    const following = read({ follow: true })
    const next = following.nextBatch()
    await clock.advance(600_000)
    log.onFetch = (_partition, offset) => ({ records: log.batch(offset, 1) })
    expect((await within(clock, LONG_MS, next))?.[0]?.offset).toBe(0)
    await following.close()
  })

  it('leaves out unfinished transactions, unless it is told to read them', async () => {
    const { log, clock, read } = setup()
    for (const isolation of [undefined, 'read_uncommitted'] as const) {
      await within(clock, LONG_MS, offsetsOf(read(isolation === undefined ? {} : { isolation })))
    }
    const levels = (api: string): unknown[] =>
      log.requests.filter((request) => request.api === api).map(({ body }) => body.isolationLevel)
    expect(levels('Fetch')).toEqual([1, 0])
    expect(new Set(levels('ListOffsets').slice(0, 2))).toEqual(new Set([1]))
    expect(new Set(levels('ListOffsets').slice(2))).toEqual(new Set([0]))
  })

  it('waits for a leader for as long as API calls may take', async () => {
    const { log, clock, read } = setup()
    log.leader = -1
    await expect(within(clock, LONG_MS, offsetsOf(read()))).rejects.toMatchObject({
      code: 'TIMED_OUT',
      cause: { code: 'NO_LEADER', message: 'flights/0 has no leader' },
    })
  })

  it('is closed by its signal even while it waits', async () => {
    const { log, clock, read } = setup()
    log.onFetch = () => new Promise(() => {})
    const controller = new AbortController()
    const reading = offsetsOf(read({ follow: true, signal: controller.signal }))
    await clock.advance(1_000)
    controller.abort()
    expect(await within(clock, LONG_MS, reading)).toEqual([])
    expect(log.connections.filter(({ isOpen }) => isOpen)).toHaveLength(1)
  })
})

describe('answers that lie', () => {
  const lies: Record<string, (log: FakeLog) => Buffer> = {
    'a batch that was damaged': (log) => {
      const bytes = log.batch(0, 3)
      bytes.writeUInt8(bytes.readUInt8(70) ^ 0xff, 70)
      return bytes
    },
    'a batch before the offset asked for': (log) => log.batch(-5 + 5, 1).fill(0xff, 0, 8),
    'bytes that are no batch': () =>
      Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\nAccept: everything that there is\r\n\r\n'),
    'a batch that is never whole': (log) => log.batch(0, 3).subarray(0, 70),
  }
  for (const [what, bytes] of Object.entries(lies)) {
    it(`${what} ends the reading with CORRUPT_BATCH and its place`, async () => {
      const { log, clock, read } = setup()
      log.onFetch = () => ({ records: bytes(log) })
      await expect(within(clock, LONG_MS, offsetsOf(read()))).rejects.toMatchObject({
        code: 'CORRUPT_BATCH',
        message: expect.stringContaining('flights/0'),
      })
    })
  }

  it('a partition that is missing in the answer is asked for again', async () => {
    const { log, clock, read } = setup()
    const fetch = log.handlers.Fetch
    log.handlers.Fetch = (request) =>
      log.count('Fetch') < 3 ? { errorCode: 0, sessionId: 0, responses: [] } : (fetch?.(request) ?? null)
    expect(await within(clock, LONG_MS, offsetsOf(read()))).toEqual(TEN)
  })
})

describe('options', () => {
  const wrong: [options: string, message: string][] = [
    ['{"from":"middle"}', "from: got \"middle\", expected 'beginning', 'end', an offset, -N"],
    ['{"from":1.5}', 'from: got 1.5'],
    ['{"until":-1}', 'until: got -1'],
    ['{"from":{"time":-1}}', 'from: got {"time":-1}'],
    ['{"folow":true}', 'read has no option "folow"'],
    ['{"readAheadBytes":1}', 'readAheadBytes: got 1, expected a whole number from 65536'],
  ]
  for (const [options, message] of wrong) {
    it(`refuses ${options}`, () => expect(() => setup().read(JSON.parse(options))).toThrow(message))
  }
})
