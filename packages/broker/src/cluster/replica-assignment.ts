/**
 * Why a partition cannot be kept by these brokers, in Kafka's words
 * (`ReplicationControlManager.validateManualPartitionAssignment`), or null. `replicas`: of the partitions before it; null
 * where there are none, or any number will do.
 */
export function assignmentProblem(
  brokerIds: readonly number[],
  nodeIds: readonly number[],
  replicas: number | null = null,
): string | null {
  if (brokerIds.length === 0) return 'The manual partition assignment includes an empty replica list.'
  const seen = new Set<number>()
  for (const brokerId of [...brokerIds].sort((left, right) => left - right)) {
    if (!nodeIds.includes(brokerId)) {
      return `The manual partition assignment includes broker ${brokerId}, but no such broker is registered.`
    }
    if (seen.has(brokerId)) {
      return `The manual partition assignment includes the broker ${brokerId} more than once.`
    }
    seen.add(brokerId)
  }
  if (replicas !== null && brokerIds.length !== replicas) {
    return (
      `The manual partition assignment includes a partition with ${brokerIds.length} replica(s), but this is ` +
      `not consistent with previous partitions, which have ${replicas} replica(s).`
    )
  }
  return null
}
