import type { ProducerRecord } from '@millrace/client'
import type { Acks, GatewayServices } from '../gateway-services.ts'
import { readJsonBody } from '../http/body.ts'
import type { Exchange } from '../http/exchange.ts'
import { badRequest, HttpError } from '../http/http-error.ts'
import { Query } from '../http/query.ts'
import { readRecord } from '../records/record-input.ts'
import type { Handler } from './handler.ts'
import { produceStream } from './produce-stream.ts'

const ACKS: Readonly<Record<'all' | '1' | '0', Acks>> = { all: 'all', '1': 1, '0': 0 }
const LINES = ['records', 'values'] as const

/** POST /v1/topics/{topic}/records: a record, a list of them, or an NDJSON stream without an end. */
export const handleProduce: Handler = async (services, exchange) => {
  const query = new Query(exchange.url.searchParams, ['acks', 'lines'])
  const acks = ACKS[query.choice('acks', ['all', '1', '0']) ?? 'all']
  const lines = query.choice('lines', LINES)
  const [type = ''] = (exchange.request.headers['content-type'] ?? '').split(';')
  switch (type.trim().toLowerCase()) {
    case 'application/json':
      if (lines !== undefined) throw badRequest('lines is for streams: application/x-ndjson')
      return produceWhole(services, exchange, acks)
    case 'application/x-ndjson':
    case 'application/ndjson':
      return services.streams.run(() =>
        produceStream(services, exchange, { acks, lines: lines ?? 'records' }),
      )
    default:
      throw new HttpError(
        415,
        'UNSUPPORTED_MEDIA_TYPE',
        `content-type ${type || '(none)'}: expected application/json or application/x-ndjson`,
      )
  }
}

async function produceWhole(services: GatewayServices, exchange: Exchange, acks: Acks): Promise<void> {
  const topic = exchange.param('topic')
  const { limits } = services.settings
  const body = await readJsonBody(exchange.request, services.settings)
  const producer = await services.producer(acks)
  if (!Array.isArray(body)) {
    const record = readRecord('the record', body, limits.maxHeadersPerRecord)
    const { partition, offset, timestampMs } = await producer.send(topic, record)
    exchange.json(200, { topic, partition, offset, timestamp: timestampMs })
    return
  }
  if (body.length > limits.maxRecordsPerMessage) {
    throw badRequest(
      `${body.length} records: a list may have ${limits.maxRecordsPerMessage}, a stream any number`,
    )
  }
  const records: ProducerRecord[] = body.map((given, index) =>
    readRecord(`record ${index}`, given, limits.maxHeadersPerRecord),
  )
  const { partitions, offsets } = await producer.sendMany(topic, records)
  const written = Array.from(offsets, (offset, index) => ({ partition: partitions[index], offset }))
  exchange.json(200, { topic, records: written })
}
