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
  expect(view.matching('orders')).toEqual(['orders'])
  expect(view.matching('orders.*')).toEqual(['orders', 'orders.eu'])
  expect(view.matching('.*')).toHaveLength(3)
})

it.each(['(', '[a', '(?=a)', '\\1', 'a**'])('says null to %j, which is no RE2', (pattern) => {
  expect(view.matching(pattern)).toBeNull()
})

it('says null to a pattern whose program would be enormous', () => {
  expect(view.matching(`(?i)${'[a-z]'.repeat(5_000)}`)).toBeNull()
})

it('answers a pattern that would keep a backtracking engine busy for ever', async () => {
  await create('x'.repeat(249))
  expect(view.matching('(x+x+)+y')).toEqual([])
})

it('says null to a pattern that would cost too much over all names together', () => {
  const large = `(?i)${'[a-z]'.repeat(1_500)}`
  const over = (count: number): CatalogTopicView => {
    const topics = Array.from({ length: count }, () => ({ name: 'x'.repeat(249) }))
    return new CatalogTopicView({ topics: () => topics } as unknown as TopicCatalog)
  }
  expect(over(1).matching(large)).toEqual([])
  expect(over(10_000).matching(large)).toBeNull()
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
