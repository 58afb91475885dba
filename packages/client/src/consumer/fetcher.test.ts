import { expect, it } from 'vitest'
import { FakeClock, turns } from '../../test/fake-clock.ts'
import { FakeLog } from '../../test/fake-log.ts'
import { resolveClientOptions } from '../client-options.ts'
import { Cluster } from '../cluster.ts'
import { FetchPartition } from './fetch-partition.ts'
import { Fetcher } from './fetcher.ts'

it('a seek behind a pause in which nothing was asked begins to fetch again by itself', async () => {
  const [log, clock] = [new FakeLog(), new FakeClock()]
  const cluster = new Cluster(resolveClientOptions({ bootstrapServers: 'node1:9092', network: log, clock }))
  const fetcher = new Fetcher(cluster, {
    readAheadBytes: 1e6,
    partitionBytes: 1e6,
    maxWaitMs: 500,
    minBytes: 1,
    isolation: 'read_committed',
    giveUpAfterMs: Number.POSITIVE_INFINITY,
  })
  const partition = new FetchPartition('flights', 0, 0)
  const asked: number[] = []
  log.onFetch = (_partition, offset) => {
    asked.push(offset)
    partition.isPaused = true
    return { records: log.batch(offset, 1) }
  }
  fetcher.add(partition)
  // The leader is looked up first.
  await clock.advance(10)
  expect(asked).toEqual([0])
  // No fetch is on its way that would look again when it ends.
  partition.isPaused = false
  fetcher.seek(partition, 5)
  await turns()
  expect(asked).toEqual([0, 5])
  fetcher.close()
})
