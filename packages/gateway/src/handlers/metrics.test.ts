import { expect, it } from 'vitest'
import { TestGateway } from '../testing/test-gateway.ts'

const LINE = /^(?:# (?:HELP|TYPE) [a-z_]+ .+|[a-z_]+(?:\{(?:[a-zA-Z_]+="[^"]*",?)*\})? [0-9.e+-]+)$/

it('GET /metrics tells what the broker and the gateway did, each family once', async () => {
  await using test = await TestGateway.start()
  await test.client.admin.createTopics([{ name: 'a', partitions: 2 }])
  await test.post('/v1/topics/a/records', [
    { value: 'x', partition: 1 },
    { value: 'y', partition: 1 },
  ])
  const response = await test.fetch('/metrics')
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  const lines = (await response.text()).trimEnd().split('\n')
  expect(lines.filter((line) => !LINE.test(line))).toEqual([])
  expect(lines).toContain('kafka_server_brokertopicmetrics_messagesin_total 2')
  expect(lines).toContain('kafka_log_log_logendoffset{topic="a",partition="1"} 2')
  expect(lines).toContain('millrace_gateway_requests_total 2')
  const types = lines.filter((line) => line.startsWith('# TYPE'))
  expect(new Set(types).size).toBe(types.length)
  const accept = 'application/openmetrics-text;version=1.0.0,text/plain;q=0.5'
  const open = await test.fetch('/metrics', { headers: { accept } })
  expect((await open.text()).endsWith('# EOF\n')).toBe(true)
})
