import { expect, it } from 'vitest'
import { brokerFamilies } from './broker-families.ts'
import { formatFamilies } from './metric-family.ts'

const name = { group: 'kafka.server', type: 'BrokerTopicMetrics', name: 'BytesInPerSec' }
const times = {
  group: 'kafka.network',
  type: 'RequestMetrics',
  name: 'TotalTimeMs',
  tags: { request: 'a"\\\n' },
}
const value = { count: 2, sum: 3, max: 2, p50: 1, p95: 2, p99: 2, p999: 2 }
const families = brokerFamilies([
  { ...name, kind: 'counter', value: 7 },
  { ...times, kind: 'histogram', value },
])

it('a counter and a summary look as Prometheus wants them', () => {
  expect(formatFamilies(families, 'prometheus')).toBe(
    [
      '# HELP kafka_server_brokertopicmetrics_bytesin_total kafka.server:type=BrokerTopicMetrics,name=BytesInPerSec',
      '# TYPE kafka_server_brokertopicmetrics_bytesin_total counter',
      'kafka_server_brokertopicmetrics_bytesin_total 7',
      '# HELP kafka_network_requestmetrics_totaltimems kafka.network:type=RequestMetrics,name=TotalTimeMs',
      '# TYPE kafka_network_requestmetrics_totaltimems summary',
      ...['0.5', '0.95', '0.99', '0.999'].map(
        (quantile, index) =>
          `kafka_network_requestmetrics_totaltimems{request="a\\"\\\\\\n",quantile="${quantile}"} ${index === 0 ? 1 : 2}`,
      ),
      'kafka_network_requestmetrics_totaltimems_sum{request="a\\"\\\\\\n"} 3',
      'kafka_network_requestmetrics_totaltimems_count{request="a\\"\\\\\\n"} 2',
      '',
    ].join('\n'),
  )
})

it('OpenMetrics names a counter without its ending, and says where the end is', () => {
  const text = formatFamilies(families, 'openmetrics')
  expect(text).toContain('# TYPE kafka_server_brokertopicmetrics_bytesin counter\n')
  expect(text).toContain('\nkafka_server_brokertopicmetrics_bytesin_total 7\n')
  expect(text.endsWith('# EOF\n')).toBe(true)
})
