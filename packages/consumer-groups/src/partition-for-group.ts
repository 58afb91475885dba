import { strict as assert } from 'node:assert'

/**
 * The partition of `__consumer_offsets` that holds a group: Kafka's `Utils.abs(groupId.hashCode()) % partitionCount`.
 *
 * Java hashes UTF-16 code units, as JavaScript strings hold them. `Utils.abs` maps the one value without a
 * positive twin, -2^31, to 0.
 */
export function partitionForGroup(groupId: string, partitionCount: number): number {
  assert(partitionCount > 0)
  let hash = 0
  for (let index = 0; index < groupId.length; index++) {
    hash = (Math.imul(31, hash) + groupId.charCodeAt(index)) | 0
  }
  return (hash === -0x8000_0000 ? 0 : Math.abs(hash)) % partitionCount
}
