import { memoryFileSystem } from '@millrace/log-core'
import { SimulatedClock } from '@millrace/simulator'
import { beforeEach, expect, it } from 'vitest'
import { TopicCatalog } from '../cluster/topic-catalog.ts'
import { silentLogger } from '../observability.ts'
import { CatalogTopicView } from './catalog-topic-view.ts'

let catalog: TopicCatalog
let view: CatalogTopicView
const clock = new SimulatedClock()

async function create(name: string, partitionCount = 1): Promise<void> {
  await clock.settle(catalog.createTopic({ name, partitionCount, replicationFactor: 1, configs: {} }))
}

beforeEach(async () => {
  const fs = memoryFileSystem()
  fs.makeDirectory('/data')
  let serial = 0
  const randomBytes = (count: number) => Buffer.alloc(count, ++serial)
  catalog = await clock.settle(TopicCatalog.open({ fs, dataDir: '/data', logger: silentLogger, randomBytes }))
  view = new CatalogTopicView(catalog)
})

it('matches names as a whole', async () => {
  for (const name of ['orders', 'orders.eu', 'old-orders']) await create(name)
  expect(view.matching('orders').names).toEqual(['orders'])
  expect(view.matching('orders.*').names).toEqual(['orders', 'orders.eu'])
  expect(view.matching('.*').names).toHaveLength(3)
})

it.each([
  ['(', 'missing closing )'],
  ['[a', 'missing closing ]'],
  ['(?=a)', 'invalid or unsupported Perl syntax'],
  ['\\1', 'invalid escape sequence'],
  ['a**', 'invalid nested repetition operator'],
  ['a{2000}', 'invalid repeat count'],
])("refuses %j, which is no RE2, for Kafka's reason: %s", async (pattern, refusal) => {
  await create('a')
  expect(view.matching(pattern)).toEqual({ names: [], refusal })
})

it('refuses a pattern whose program would be enormous', () => {
  expect(view.matching(`(?i)${'[a-z]'.repeat(5_000)}`).refusal).toBe('expression too large')
})

it('answers a pattern that would keep a backtracking engine busy for ever', async () => {
  await create('x'.repeat(249))
  expect(view.matching('(x+x+)+y')).toEqual({ names: [], refusal: null })
})

it('refuses a pattern that would cost too much over all names together', () => {
  const large = `(?i)${'[a-z]'.repeat(1_500)}`
  const over = (count: number): CatalogTopicView => {
    const topics = Array.from({ length: count }, () => ({ name: 'x'.repeat(249) }))
    return new CatalogTopicView({ topics: () => topics } as unknown as TopicCatalog)
  }
  expect(over(1).matching(large).refusal).toBeNull()
  expect(over(10_000).matching(large).refusal).toContain('too costly')
})

it('has another version after every change of topics', async () => {
  const versions = [view.version]
  await create('one')
  versions.push(view.version)
  const topic = catalog.topic('one')
  if (topic !== undefined) await clock.settle(catalog.deleteTopic(topic))
  versions.push(view.version)
  expect(versions.toSorted((one, other) => one - other)).toEqual([...new Set(versions)])
})
