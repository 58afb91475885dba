import type { Client, ReadFrom, RecordReader } from '@millrace/client'
import type { GatewayServices } from '../gateway-services.ts'
import type { Exchange } from '../http/exchange.ts'
import { Query } from '../http/query.ts'
import type { OffsetTarget } from '../records/offset-target.ts'
import {
  formatPositions,
  type Gap,
  type Positions,
  parsePositions,
  resumePositions,
  startPositions,
} from '../records/positions.ts'
import { formatRecord } from '../records/record-format.ts'
import type { Timer } from '../time/clock.ts'
import type { Handler } from './handler.ts'
import { readFrom } from './read.ts'

/**
 * GET /v1/topics/{topic}/events: Server-Sent Events, a record each. The id of an event holds the position in every
 * partition behind it, so `Last-Event-ID`, which browsers send by themselves, goes on without a gap or a double.
 */
export const handleEvents: Handler = async (services, exchange) => {
  const query = new Query(exchange.url.searchParams, ['from', 'fromTime', 'partitions', 'lastEventId'])
  const partitions = query.integers('partitions')
  const from = readFrom(query)
  const header = exchange.request.headers['last-event-id']
  const left = header === undefined ? query.text('lastEventId') : String(header)
  const client = await services.client()
  await services.streams.run(async () => {
    const start = await startOf(client, exchange.param('topic'), { left, from, partitions })
    exchange.start(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    if (exchange.request.method === 'HEAD') return exchange.end()
    // An id without data: a listener that is cut off before the first record goes on here, not at a later end.
    await exchange.write(`id: ${formatPositions(start.positions)}\n\n`)
    for (const gap of start.gaps) await exchange.write(`event: gap\ndata: ${JSON.stringify(gap)}\n\n`)
    await using reader = client.read(exchange.param('topic'), {
      from: { offsets: Object.fromEntries(start.positions) },
      partitions: [...start.positions.keys()],
      follow: true,
      signal: exchange.signal,
      readAheadBytes: services.settings.limits.readAheadBytes,
    })
    await sendEvents(services, exchange, reader, start.positions)
  })
}

async function sendEvents(
  services: GatewayServices,
  exchange: Exchange,
  reader: RecordReader,
  positions: Positions,
): Promise<void> {
  const { clock, limits } = services.settings
  let heartbeat: Timer | null = null
  const rest = (): void => {
    heartbeat = clock.after(limits.heartbeatMs, () => {
      if (exchange.isDrained) void exchange.write(':\n\n')
      rest()
    })
  }
  try {
    rest()
    for (let batch = await reader.nextBatch(); batch !== null; batch = await reader.nextBatch()) {
      let text = ''
      for (const record of batch) {
        positions.set(record.partition, record.offset + 1)
        text += `id: ${formatPositions(positions)}\ndata: ${formatRecord(record)}\n\n`
        if (text.length < limits.responseChunkBytes) continue
        await exchange.write(text)
        text = ''
      }
      await exchange.write(text)
      if (exchange.isOver) break
    }
    exchange.end()
  } finally {
    // Set by `rest`, which the compiler does not follow.
    ;(heartbeat as Timer | null)?.cancel()
  }
}

interface AskedStart {
  readonly left: string | undefined
  readonly from: ReadFrom | undefined
  readonly partitions: readonly number[] | undefined
}

async function startOf(
  client: Client,
  topic: string,
  { left, from, partitions }: AskedStart,
): Promise<{ readonly positions: Positions; readonly gaps: readonly Gap[] }> {
  if (left !== undefined && left !== '')
    return resumePositions(client, topic, parsePositions(left), partitions)
  return { positions: await startPositions(client, topic, targetOf(from), partitions), gaps: [] }
}

/** Without a word of where to start a listener wants what comes. */
function targetOf(from: ReadFrom | undefined): OffsetTarget {
  if (typeof from !== 'object') return from ?? 'end'
  return 'time' in from ? { timeMs: Number(from.time) } : 'end'
}
