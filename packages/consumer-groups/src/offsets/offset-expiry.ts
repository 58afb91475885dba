import type { ClassicGroup } from '../classic/classic-group.ts'
import { isSubscribedTo } from '../consumer/subscriptions.ts'
import type { Group } from '../group-table.ts'
import type { CommittedOffset } from './committed-offset.ts'

/** From when on an offset of this topic counts as unused, or null while it is in use. */
type UnusedSince = (topic: string, committed: CommittedOffset) => number | null

/**
 * Kafka's rule (KIP-211) for which offsets of a group may expire:
 *
 * | group | counted from |
 * |---|---|
 * | only ever committed, no members | the commit |
 * | classic, has had members, has none now | the moment it became empty; the commit if an old record does not say |
 * | of consumers, stable if classic, topic no longer subscribed to | the commit |
 * | anything else | never |
 */
export function unusedSince(group: Group): UnusedSince | null {
  if (group.kind === 'classic') return unusedSinceInClassicGroup(group)
  return (topic, committed) => (isSubscribedTo(group, topic) ? null : committed.commitTimestampMs)
}

function unusedSinceInClassicGroup(group: ClassicGroup): UnusedSince | null {
  if (group.protocolType === null) return (_topic, committed) => committed.commitTimestampMs
  if (group.state === 'Empty') {
    const emptySinceMs = group.stateTimestampMs
    return (_topic, committed) => (emptySinceMs >= 0 ? emptySinceMs : committed.commitTimestampMs)
  }
  const { subscribedTopics } = group
  if (group.state !== 'Stable' || subscribedTopics === null) return null
  return (topic, committed) => (subscribedTopics.has(topic) ? null : committed.commitTimestampMs)
}

/** An expiry that a client of OffsetCommit 2-4 asked for goes before the broker's retention. */
export function isExpired(
  committed: CommittedOffset,
  { nowMs, retentionMs, sinceMs }: { nowMs: number; retentionMs: number; sinceMs: number | null },
): boolean {
  if (sinceMs === null) return false
  if (committed.expireTimestampMs >= 0) return nowMs >= committed.expireTimestampMs
  return nowMs - sinceMs >= retentionMs
}
