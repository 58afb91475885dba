import type { TopicPartition } from '../../consumer/consumer-record.ts'
import { type Assignor, inOrder, type SubscribedMember } from './assignor.ts'

/**
 * Balances with as few moves as it can, and hands a partition over in two rounds (KIP-429, Kafka's
 * CooperativeStickyAssignor): what changes its owner is left out of the first, so that the old owner
 * gives it up and joins again, and goes to the new owner in the second. What stays is never interrupted.
 */
export const cooperativeStickyAssignor: Assignor = {
  name: 'cooperative-sticky',
  protocol: 'cooperative',
  assign: (members, partitionCounts) => {
    const owners = ownersNow(members, partitionCounts)
    const shares = inOrder(members).map((member) => new Share(member))
    for (const share of shares) {
      share.partitions = share.member.owned.filter((at) => owners.get(nameOf(at)) === share.member.memberId)
    }
    placeRest(shares, partitionCounts, owners)
    balance(shares)
    return new Map(
      shares.map(({ member, partitions }) => [
        member.memberId,
        partitions.filter((at) => {
          const owner = owners.get(nameOf(at))
          return owner === undefined || owner === member.memberId
        }),
      ]),
    )
  },
}

class Share {
  readonly member: SubscribedMember
  readonly topics: ReadonlySet<string>
  partitions: TopicPartition[] = []

  constructor(member: SubscribedMember) {
    this.member = member
    this.topics = new Set(member.topics)
  }

  get count(): number {
    return this.partitions.length
  }
}

/**
 * Who owns what, by `topic/partition`. A claim counts when it is of the newest generation (a member
 * that missed a rebalance may claim what was given away since), of a topic that the member still
 * wants, and nobody else's too.
 */
function ownersNow(
  members: readonly SubscribedMember[],
  partitionCounts: ReadonlyMap<string, number>,
): Map<string, string> {
  const newest = Math.max(-1, ...members.map(({ generationId }) => generationId))
  const owners = new Map<string, string>()
  const disputed = new Set<string>()
  for (const { memberId, topics, owned, generationId } of members) {
    if (generationId !== newest) continue
    for (const at of owned) {
      if (!topics.includes(at.topic) || at.partition >= (partitionCounts.get(at.topic) ?? 0)) continue
      if (owners.has(nameOf(at))) disputed.add(nameOf(at))
      owners.set(nameOf(at), memberId)
    }
  }
  for (const name of disputed) owners.delete(name)
  return owners
}

/** Gives each partition that nobody owns to the member with the fewest that wants its topic. */
function placeRest(
  shares: readonly Share[],
  partitionCounts: ReadonlyMap<string, number>,
  owners: ReadonlyMap<string, string>,
): void {
  for (const topic of [...partitionCounts.keys()].sort()) {
    const interested = shares.filter(({ topics }) => topics.has(topic))
    for (let partition = 0; partition < (partitionCounts.get(topic) ?? 0); partition++) {
      if (owners.has(nameOf({ topic, partition }))) continue
      fewest(interested)?.partitions.push({ topic, partition })
    }
  }
}

/** Moves single partitions from who has more to who has fewer, until no move makes it more even. */
function balance(shares: readonly Share[]): void {
  for (let hasMoved = true; hasMoved; ) {
    hasMoved = false
    for (const giver of [...shares].sort((a, b) => b.count - a.count)) {
      const taker = fewest(
        shares.filter((share) => giver.partitions.some(({ topic }) => share.topics.has(topic))),
      )
      if (taker === undefined || giver.count - taker.count < 2) continue
      const at = giver.partitions.findLastIndex(({ topic }) => taker.topics.has(topic))
      taker.partitions.push(...giver.partitions.splice(at, 1))
      hasMoved = true
      break
    }
  }
}

function fewest(shares: readonly Share[]): Share | undefined {
  return shares.reduce<Share | undefined>(
    (least, share) => (least === undefined || share.count < least.count ? share : least),
    undefined,
  )
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`
}
