import type { GroupFacts, Holder, MemberFacts, PartitionFacts } from './group-facts.ts'
import { joinedWords, spokenDuration } from './words.ts'

/** One thing that is the matter with a group, or that nothing is. */
export interface GroupFinding {
  readonly code:
    | 'no-members'
    | 'rebalance-held'
    | 'fewer-partitions-than-members'
    | 'commits-stand-still'
    | 'member-silent'
    | 'partition-offline'
    | 'offset-out-of-range'
    | 'instance-id-taken'
    | 'missing-topic'
    | 'nothing-to-read'
    | 'reading'
  /** Whole sentences: what was seen, what it means, what to do. */
  readonly text: string
}

/** Clients commit every five seconds unless told otherwise: two of those and nothing came. */
const STANDS_STILL_AFTER_MS = 10_000
/** They send a heartbeat every three to five seconds. */
const IS_SILENT_AFTER_MS = 10_000
const NAMED_AT_MOST = 5

/**
 * Why nothing is consumed, in plain words, the most likely cause first. Pure: it says no more than the facts do, and
 * each sentence is about what was seen.
 */
export function explainGroup(facts: GroupFacts): GroupFinding[] {
  const findings = [
    ...explainMembers(facts),
    ...explainInstances(facts),
    ...explainRebalance(facts),
    ...explainTopics(facts),
    ...explainShares(facts),
    ...explainFailures(facts),
    ...explainRanges(facts),
    ...explainSilence(facts),
    ...explainStandstill(facts),
  ]
  // Whoever was turned away is over and done with: how those are that were not is told as well.
  const isAboutOthers = findings.every(({ code }) => code === 'instance-id-taken')
  return isAboutOthers ? [...findings, explainGoodHealth(facts)] : findings
}

function explainMembers({ members, partitions, stateAgeMs }: GroupFacts): GroupFinding[] {
  if (members.length > 0) return []
  const since = stateAgeMs === null ? '' : `, since ${spokenDuration(stateAgeMs)}`
  const commits = partitions.map(({ commitAgeMs }) => commitAgeMs).filter((age) => age !== null)
  const last = commits.length === 0 ? '' : ` Its last commit was ${spokenDuration(Math.min(...commits))} ago.`
  return [
    {
      code: 'no-members',
      text: `The group has no members${since}: no consumer with this group id is running, or none has reached this broker.${last}`,
    },
  ]
}

function explainInstances({ refusedInstances }: GroupFacts): GroupFinding[] {
  return refusedInstances.map(({ agoMs, holderMemberId, instanceId, refusedMemberId }) => ({
    code: 'instance-id-taken',
    text: `Member ${refusedMemberId} was turned away ${spokenDuration(agoMs)} ago: ${holderMemberId} is the member with the instance id "${instanceId}" now. Two consumers were run with one group.instance.id: give each its own.`,
  }))
}

function explainRebalance(facts: GroupFacts): GroupFinding[] {
  const { holders, state, stateAgeMs } = facts
  const finding = (text: string): GroupFinding => ({ code: 'rebalance-held', text })
  if (holders !== null) return holders.map((holder) => finding(describeHolder(facts, holder)))
  if (!['PreparingRebalance', 'CompletingRebalance', 'Reconciling', 'Assigning'].includes(state)) return []
  const since = stateAgeMs === null ? '' : ` since ${spokenDuration(stateAgeMs)}`
  return [
    finding(
      `A rebalance is under way${since} (${state}). Kafka's APIs do not tell which member it waits for: ask on the broker's machine, with --data.`,
    ),
  ]
}

function describeHolder({ members }: GroupFacts, { leftMs, memberId, what }: Holder): string {
  const name = nameOf(members, memberId)
  const may =
    leftMs === null ? '' : ` It may for another ${spokenDuration(leftMs)}; then the group goes on without it.`
  switch (what) {
    case 'join':
      return `${name} holds the rebalance: it has not joined again, so it is still busy with records it has, or does not poll.${may}`
    case 'first-join':
      return `A client was given the member id ${memberId} and has not joined with it, so the rebalance waits for it.${may}`
    case 'assign':
      return `${name} holds the rebalance: it leads the group and has not made the assignment.${may}`
    case 'revoke':
      return `${name} holds partitions that others wait for: it was told to let go of them and has not said that it did.${may}`
    case 'heartbeat':
      return `${name} holds the rebalance: it has sent no heartbeat since partitions were given out anew, and only with one is it told.${may}`
    case 'return':
      return `${name} is a static member that went away to come back: its partitions wait for it.${may}`
    case 'company':
      return `The group's first rebalance waits${leftMs === null ? '' : ` ${spokenDuration(leftMs)} more`} for other members (group.initial.rebalance.delay.ms).`
  }
}

function explainTopics({ missingTopics, unmatchedPatterns }: GroupFacts): GroupFinding[] {
  const findings: GroupFinding[] = []
  if (missingTopics.length > 0) {
    const names = joinedWords(
      missingTopics.map((name) => `"${name}"`),
      NAMED_AT_MOST,
    )
    const [verb, that] = missingTopics.length === 1 ? ['does', 'a topic that'] : ['do', 'topics that']
    findings.push({
      code: 'missing-topic',
      text: `It subscribes to ${that} ${verb} not exist: ${names}. Members get partitions of it when it is created.`,
    })
  }
  for (const pattern of unmatchedPatterns) {
    findings.push({ code: 'missing-topic', text: `No topic matches the regular expression "${pattern}".` })
  }
  return findings
}

function explainShares({ members, state, subscribedPartitionCount }: GroupFacts): GroupFinding[] {
  if (state !== 'Stable' || subscribedPartitionCount === 0) return []
  const idle = members.filter(({ assignedCount }) => assignedCount === 0)
  if (idle.length === 0) return []
  const names = joinedWords(
    idle.map(({ memberId }) => memberId),
    NAMED_AT_MOST,
  )
  const has = idle.length === 1 ? 'has' : 'have'
  const shared = `${members.length} members share ${count(subscribedPartitionCount, 'partition')}`
  return [
    {
      code: 'fewer-partitions-than-members',
      text:
        subscribedPartitionCount < members.length
          ? `${shared}, and a partition has one reader: ${names} ${has} nothing to do. More partitions would give them some.`
          : `${shared}, but ${names} ${has} nothing to do: the others have all partitions of the topics that it subscribes to, or the group's assignor gave it none.`,
    },
  ]
}

function explainFailures({ partitions }: GroupFacts): GroupFinding[] {
  return partitions.flatMap(({ failure, partition, topic }): GroupFinding[] => {
    if (failure === null) return []
    return [
      {
        code: 'partition-offline',
        text: `${topic}/${partition}: the broker cannot read its log (${failure}). Nobody gets records of it until its files and their disk are well again.`,
      },
    ]
  })
}

function explainRanges({ partitions }: GroupFacts): GroupFinding[] {
  return partitions.flatMap(({ committed, log, partition, topic }): GroupFinding[] => {
    if (log === null || committed < 0 || (committed >= log.begin && committed <= log.end)) return []
    const isBefore = committed < log.begin
    const seen = isBefore
      ? `is before the first record that is left (${log.begin}): ${count(log.begin - committed, 'record')} went before the group read them`
      : `is beyond the end (${log.end}): the topic was made anew, or cut`
    return [
      {
        code: 'offset-out-of-range',
        text: `${topic}/${partition}: the committed offset ${committed} ${seen}. The consumer's own auto.offset.reset decides: earliest goes on at ${log.begin}, latest at ${log.end}, none ends with an error.`,
      },
    ]
  })
}

/** Those for whose partitions records wait: the silence of the others keeps nobody from anything. */
function explainSilence({ members, partitions, state }: GroupFacts): GroupFinding[] {
  if (state !== 'Stable') return []
  return members.filter(isSilent).flatMap(({ memberId, silentMs }): GroupFinding[] => {
    const lag = lagOfAll(partitions.filter(({ owner }) => owner === memberId))
    if (lag === 0 || silentMs === null) return []
    return [
      {
        code: 'member-silent',
        text: `${nameOf(members, memberId)} was last heard of ${spokenDuration(silentMs)} ago, and ${count(lag, 'record')} of its partitions ${lag === 1 ? 'waits' : 'wait'}: it is stopped, cut off, or so busy that it sends no heartbeats. When its session ends its partitions go to others.`,
      },
    ]
  })
}

function explainStandstill({ members, partitions, state, stateAgeMs }: GroupFacts): GroupFinding[] {
  if (state !== 'Stable') return []
  const silent = new Set(members.filter(isSilent).map(({ memberId }) => memberId))
  const stuck = partitions.flatMap((place) => {
    const ageMs = standsStillMs(place, stateAgeMs)
    if (place.owner === null || ageMs === null || silent.has(place.owner)) return []
    return [{ ...place, owner: place.owner, ageMs }]
  })
  const byOwner = Map.groupBy(stuck, ({ owner }) => owner)
  return [...byOwner].map(([owner, places]) => {
    const member = members.find(({ memberId }) => memberId === owner)
    const heard =
      member === undefined || member.silentMs === null
        ? 'it is alive'
        : `its heartbeats come (the last ${spokenDuration(member.silentMs)} ago)`
    const names = joinedWords(
      places.map(({ committed, log, partition, topic }) => {
        return `${topic}/${partition} (${count(lagOf({ committed, log }), 'record')} behind)`
      }),
      NAMED_AT_MOST,
    )
    const since = spokenDuration(Math.max(...places.map(({ ageMs }) => ageMs)))
    return {
      code: 'commits-stand-still',
      text: `${nameOf(members, owner)} has committed nothing of ${names} for ${since}, although ${heard} and records wait: its handler is stuck or slow, or it does not commit.`,
    }
  })
}

function isSilent({ silentMs }: MemberFacts): boolean {
  return silentMs !== null && silentMs >= IS_SILENT_AFTER_MS
}

/** How long a partition has gone without a commit that could have been; null where nothing waits, or nobody can tell. */
function standsStillMs(
  { commitAgeMs, committed, log }: PartitionFacts,
  stateAgeMs: number | null,
): number | null {
  if (log === null || log.oldestUnreadAgeMs === null || lagOf({ committed, log }) === 0) return null
  const chances = [commitAgeMs, stateAgeMs].filter((age) => age !== null)
  if (chances.length === 0) return null
  // A record that has just come says nothing about a commit of yesterday, and neither does a member that has just come.
  const ageMs = Math.min(...chances, log.oldestUnreadAgeMs)
  return ageMs >= STANDS_STILL_AFTER_MS ? ageMs : null
}

function explainGoodHealth({ members, partitions, stateAgeMs }: GroupFacts): GroupFinding {
  const lag = lagOfAll(partitions)
  const who = count(members.length, 'member')
  if (partitions.length > 0 && lag === 0)
    return {
      code: 'nothing-to-read',
      text: `All is well: ${who}, and everything that there is was read and committed.`,
    }
  const isCommitAgeKnown = stateAgeMs !== null || partitions.every(({ commitAgeMs }) => commitAgeMs !== null)
  const more = isCommitAgeKnown
    ? ''
    : " Kafka's APIs do not tell when it last committed: if what it has committed does not move, its handler is stuck or slow, or it does not commit."
  return {
    code: 'reading',
    text: `Nothing is wrong that can be seen from here: ${who}, ${count(lag, 'record')} behind.${more}`,
  }
}

function lagOfAll(partitions: readonly PartitionFacts[]): number {
  return partitions.reduce((sum, place) => sum + lagOf(place), 0)
}

/** Of what is there to be read; a group that never committed has all of it before it. */
function lagOf({ committed, log }: Pick<PartitionFacts, 'committed' | 'log'>): number {
  return log === null ? 0 : Math.max(0, log.end - Math.max(committed, log.begin))
}

function nameOf(members: readonly MemberFacts[], memberId: string): string {
  const member = members.find((one) => one.memberId === memberId)
  if (member === undefined) return `Member ${memberId}`
  const { clientHost, clientId } = member
  return `Member ${memberId} (client ${clientId === '' ? 'without a name' : clientId} on ${clientHost.replace(/^\//, '')})`
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
