import { ClientError } from '../client-error.ts'
import type { Cluster } from '../cluster.ts'
import { retry } from '../connection/retry.ts'
import { invalidOption } from '../option-check.ts'

/** What a member wants to read: topics by name, or all whose name a pattern matches. */
export type TopicSelection = string | readonly string[] | RegExp

/** Refuses what selects nothing. */
export function checkSelection(selection: TopicSelection): void {
  if (selection instanceof RegExp) return
  const names = typeof selection === 'string' ? [selection] : selection
  const isNames = Array.isArray(names) && names.length > 0
  if (isNames && names.every((name) => typeof name === 'string' && name !== '')) return
  throw invalidOption('topics', selection, 'the name of a topic, several, or a pattern')
}

/** The selected topics that exist now. */
export async function selectTopics(cluster: Cluster, selection: TopicSelection): Promise<string[]> {
  if (typeof selection === 'string') return [selection]
  if (!(selection instanceof RegExp)) return [...selection]
  const topics = await retrying(cluster, () => cluster.metadata.readAll('all topics'))
  // Without `lastIndex`, which a pattern with the flag g would carry from one test to the next.
  return topics
    .filter(({ name, isInternal }) => !isInternal && name.search(selection) >= 0)
    .map(({ name }) => name)
}

/** How many partitions each topic has, read now; topics that do not exist are left out. */
export async function countPartitions(
  cluster: Cluster,
  topics: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>()
  await Promise.all(
    topics.map((name) =>
      retrying(cluster, async () => {
        cluster.metadata.markStale(name)
        try {
          const topic = await cluster.metadata.topic(name, { mayCreate: false })
          counts.set(name, topic.partitions.length)
        } catch (error) {
          if (!(error instanceof ClientError && error.code === 'UNKNOWN_TOPIC')) throw error
        }
      }),
    ),
  )
  return counts
}

function retrying<T>(cluster: Cluster, read: () => Promise<T>): Promise<T> {
  const { clock, retryBackoffMs, retryBackoffMaxMs, apiTimeoutMs } = cluster.settings
  return retry(clock, { retryBackoffMs, retryBackoffMaxMs, timeoutMs: apiTimeoutMs, what: 'Metadata' }, read)
}
