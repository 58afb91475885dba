import { expect, it } from 'vitest'
import { TestGateway } from '../testing/test-gateway.ts'

const LINE = /^(?:# (?:HELP|TYPE) [a-z0-9_]+ .+|[a-z0-9_]+(?:\{(?:[a-zA-Z_]+="[^"]*",?)*\})? [0-9.e+-]+)$/

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

it('GET /metrics tells of each group what it has committed and what lies behind it', async () => {
  await using test = await TestGateway.start({ limits: { maxGroupsInMetrics: 2 } })
  await test.client.admin.createTopics([{ name: 'a', partitions: 2 }, { name: 'gone' }])
  const values = (partition: number, count: number) =>
    Array.from({ length: count }, () => ({ value: 'x', partition }))
  await test.client.producer().sendMany('a', [...values(0, 3), ...values(1, 5)])
  await test.client.admin.alterOffsets('g', [
    { topic: 'a', partition: 0, offset: 3 },
    { topic: 'a', partition: 1, offset: 1 },
  ])
  await test.client.admin.alterOffsets('h', [{ topic: 'gone', partition: 0, offset: 0 }])
  await test.client.admin.deleteTopics(['gone'])
  const told = async (): Promise<string[]> =>
    (await (await test.fetch('/metrics')).text())
      .split('\n')
      .filter((line) => /^(?:kafka_consumergroup|millrace_gateway_untold)/.test(line))
  expect(await told()).toEqual([
    'kafka_consumergroup_current_offset{consumergroup="g",topic="a",partition="0"} 3',
    'kafka_consumergroup_current_offset{consumergroup="g",topic="a",partition="1"} 1',
    'kafka_consumergroup_lag{consumergroup="g",topic="a",partition="0"} 0',
    'kafka_consumergroup_lag{consumergroup="g",topic="a",partition="1"} 4',
    'kafka_consumergroup_lag_sum{consumergroup="g",topic="a"} 4',
    'kafka_consumergroup_members{consumergroup="g"} 0',
    'kafka_consumergroup_members{consumergroup="h"} 0',
    'millrace_gateway_untold_groups 0',
  ])
  for (const group of ['i', 'j']) {
    await test.client.admin.alterOffsets(group, [{ topic: 'a', partition: 0, offset: 0 }])
  }
  expect((await told()).at(-1)).toBe('millrace_gateway_untold_groups 2')
})
