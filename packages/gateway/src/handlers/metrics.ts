import type { GatewayServices } from '../gateway-services.ts'
import { brokerFamilies, partitionFamilies } from '../metrics/broker-families.ts'
import { groupFamilies, lookAtGroups } from '../metrics/group-families.ts'
import { formatFamilies, type MetricFamily } from '../metrics/metric-family.ts'
import type { Handler } from './handler.ts'

const PROMETHEUS = 'text/plain; version=0.0.4; charset=utf-8'
const OPENMETRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

/** GET /metrics: Prometheus' text form, or OpenMetrics for a scraper that accepts it. */
export const handleMetrics: Handler = async (services, exchange) => {
  const { broker } = services
  const format = exchange.request.headers.accept?.includes('application/openmetrics-text')
    ? 'openmetrics'
    : 'prometheus'
  const snapshot = broker.snapshot()
  const groups = await lookAtGroups(services)
  const families = [
    ...brokerFamilies(broker.metrics()),
    ...partitionFamilies(snapshot),
    ...groupFamilies(groups, snapshot),
    ...gatewayFamilies(services),
  ]
  exchange.text(200, formatFamilies(families, format), {
    'content-type': format === 'openmetrics' ? OPENMETRICS : PROMETHEUS,
    'cache-control': 'no-store',
  })
}

function gatewayFamilies({ counts, streams }: GatewayServices): MetricFamily[] {
  const one = (name: string, kind: 'counter' | 'gauge', help: string, value: number): MetricFamily => ({
    name: `millrace_gateway_${name}`,
    kind,
    help,
    samples: [{ suffix: '', labels: {}, value }],
  })
  return [
    one('requests', 'counter', 'HTTP requests that were taken', counts.requests),
    one(
      'failed_requests',
      'counter',
      'HTTP requests that failed by a fault of the gateway',
      counts.failedRequests,
    ),
    one('websocket_records', 'counter', 'Records sent to WebSockets', counts.webSocketRecords),
    one('websockets', 'gauge', 'Open WebSockets', counts.webSockets),
    one('streams', 'gauge', 'Open streams: reads, events, NDJSON bodies', streams.open),
  ]
}
