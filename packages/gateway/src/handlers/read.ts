import type { ReadFrom, ReadOptions, ReadUntil } from '@millrace/client'
import { badRequest } from '../http/http-error.ts'
import { Query } from '../http/query.ts'
import { formatRecord } from '../records/record-format.ts'
import { delay } from '../time/clock.ts'
import type { Handler } from './handler.ts'

const PARAMETERS = ['from', 'fromTime', 'until', 'untilTime', 'partitions', 'limit', 'follow']
/** How long an answer waits for the first record before it begins: a topic that is followed may have none for long. */
const FIRST_RECORD_MS = 200

/**
 * GET /v1/topics/{topic}/records: a range of a topic as NDJSON. It is fetched no faster than it is read; each
 * partition comes in order. An answer that breaks off is cut off, so that it cannot be taken for a whole one.
 */
export const handleRead: Handler = async (services, exchange) => {
  const query = new Query(exchange.url.searchParams, PARAMETERS)
  const { limits } = services.settings
  const limit = query.integer('limit', 0) ?? Number.POSITIVE_INFINITY
  const options = { ...readOptions(query), signal: exchange.signal, readAheadBytes: limits.readAheadBytes }
  const client = await services.client()
  await services.streams.run(async () => {
    await using reader = client.read(exchange.param('topic'), options)
    let left = limit
    const first = left > 0 ? reader.nextBatch() : Promise.resolve(null)
    // Whatever is wrong with the request is found by then, and has an answer of its own.
    await Promise.race([first, delay(services.settings.clock, FIRST_RECORD_MS)])
    exchange.start(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' })
    let batch = exchange.request.method === 'HEAD' ? null : await first
    let text = ''
    while (batch !== null && !exchange.isOver) {
      for (const record of left < batch.length ? batch.slice(0, left) : batch) {
        text += `${formatRecord(record)}\n`
        if (text.length < limits.responseChunkBytes) continue
        await exchange.write(text)
        text = ''
      }
      left -= batch.length
      // Whoever follows wants each record now, not when there are many.
      if (options.follow && text !== '') {
        await exchange.write(text)
        text = ''
      }
      batch = left > 0 ? await reader.nextBatch() : null
    }
    if (text !== '') await exchange.write(text)
    exchange.end()
  })
}

/** What the parameters say of where to read. */
export function readOptions(query: Query): Pick<ReadOptions, 'from' | 'until' | 'partitions' | 'follow'> {
  const from = readFrom(query)
  const until = readUntil(query)
  const partitions = query.integers('partitions')
  return {
    ...(from === undefined ? {} : { from }),
    ...(until === undefined ? {} : { until }),
    ...(partitions === undefined ? {} : { partitions }),
    follow: query.flag('follow'),
  }
}

/** `from` and `fromTime`: at most one of them. */
export function readFrom(query: Query): ReadFrom | undefined {
  const time = query.timeMs('fromTime')
  const text = query.text('from')
  if (time !== undefined) {
    if (text !== undefined) throw badRequest('from and fromTime: expected one of them')
    return { time }
  }
  if (text === undefined || text === 'beginning' || text === 'end') return text
  return query.integer('from', Number.MIN_SAFE_INTEGER)
}

function readUntil(query: Query): ReadUntil | undefined {
  const time = query.timeMs('untilTime')
  const text = query.text('until')
  if (time !== undefined) {
    if (text !== undefined) throw badRequest('until and untilTime: expected one of them')
    return { time }
  }
  return text === undefined || text === 'end' ? text : query.integer('until', 0)
}
