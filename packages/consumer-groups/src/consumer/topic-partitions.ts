/** Partitions by topic id. */
export type TopicPartitions = ReadonlyMap<string, ReadonlySet<number>>

/** Partitions by topic id, each with the group epoch in which its owner was given it (KIP-1251). */
export type AssignedPartitions = ReadonlyMap<string, ReadonlyMap<number, number>>

/** As requests and records carry them. */
export interface WirePartitions {
  readonly topicId: string
  readonly partitions: readonly number[]
}

export const NO_PARTITIONS: TopicPartitions = new Map()
export const NOTHING_ASSIGNED: AssignedPartitions = new Map()

export function fromWire(topics: readonly WirePartitions[]): TopicPartitions {
  const byTopic = new Map<string, Set<number>>()
  for (const { partitions, topicId } of topics) {
    const known = byTopic.get(topicId)
    if (known === undefined) byTopic.set(topicId, new Set(partitions))
    else for (const partition of partitions) known.add(partition)
  }
  return byTopic
}

/** Sorted, so that equal assignments have equal bytes. Topics without partitions are left out. */
export function toWire(
  topics: TopicPartitions | AssignedPartitions,
): { topicId: string; partitions: number[] }[] {
  return [...topics]
    .filter(([, partitions]) => partitions.size > 0)
    .map(([topicId, partitions]) => ({
      topicId,
      partitions: [...partitions.keys()].sort((one, other) => one - other),
    }))
    .sort((one, other) => (one.topicId < other.topicId ? -1 : 1))
}

/** Whether both hold the same partitions, whatever the epochs. */
export function isSame(
  one: TopicPartitions | AssignedPartitions,
  other: TopicPartitions | AssignedPartitions,
): boolean {
  return countOf(one) === countOf(other) && isSubset(one, other)
}

export function isSubset(
  part: TopicPartitions | AssignedPartitions,
  whole: TopicPartitions | AssignedPartitions,
): boolean {
  for (const [topicId, partitions] of part) {
    const within = whole.get(topicId)
    for (const partition of partitions.keys())
      if (within === undefined || !within.has(partition)) return false
  }
  return true
}

export function overlaps(
  one: TopicPartitions | AssignedPartitions,
  other: TopicPartitions | AssignedPartitions,
): boolean {
  for (const [topicId, partitions] of one) {
    const others = other.get(topicId)
    if (others === undefined) continue
    for (const partition of partitions.keys()) if (others.has(partition)) return true
  }
  return false
}

export function countOf(topics: TopicPartitions | AssignedPartitions): number {
  let count = 0
  for (const partitions of topics.values()) count += partitions.size
  return count
}

/** Every partition with one epoch. */
export function withEpoch(topics: TopicPartitions, epoch: number): AssignedPartitions {
  const assigned = new Map<string, Map<number, number>>()
  for (const [topicId, partitions] of topics) {
    assigned.set(topicId, new Map([...partitions].map((partition) => [partition, epoch])))
  }
  return assigned
}
