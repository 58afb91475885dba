/** What members of a classic group do, request by request. */
import { setTimeout as sleep } from 'node:timers/promises'
import { consumerProtocolSubscription, heartbeat, joinGroup, syncGroup } from '@millrace/protocol'
import type { Wire } from '../harness/wire.ts'

/** Kafka reads it, and refuses what is none. */
const SUBSCRIPTION = consumerProtocolSubscription.encode(0, { topics: ['groups'] })
const PROTOCOLS = [{ name: 'range', metadata: SUBSCRIPTION }]
const ASSIGNMENT = Buffer.from('a share of the partitions')
const REBALANCE_IN_PROGRESS = 27
const MEMBER_ID_REQUIRED = 79
/** Loading, not available, not the coordinator: Kafka says so until it has made and loaded its offsets topic. */
const NOT_YET = new Set([14, 15, 16])

export interface Joined {
  readonly memberId: string
  readonly generationId: number
}

interface Place {
  readonly groupId: string
  readonly memberId?: string
}

/** Joins and syncs, again while the group moves on under it, until it has an assignment. */
export async function joinAndSync(wire: Wire, { groupId, memberId = '' }: Place): Promise<Joined> {
  for (let known = memberId; ; ) {
    const joined = await wire.ask(joinGroup, 9, {
      groupId,
      sessionTimeoutMs: 45_000,
      rebalanceTimeoutMs: 60_000,
      memberId: known,
      groupInstanceId: null,
      protocolType: 'consumer',
      protocols: PROTOCOLS,
      reason: null,
    })
    known = joined.memberId
    if (joined.errorCode === MEMBER_ID_REQUIRED) continue
    if (await isNotYet(joined.errorCode)) continue
    if (joined.errorCode !== 0) throw new Error(`JoinGroup was answered ${joined.errorCode}`)
    const { generationId, leader, members, protocolName, protocolType } = joined
    const assignments = members.map((member) => ({ memberId: member.memberId, assignment: ASSIGNMENT }))
    const synced = await wire.ask(syncGroup, 5, {
      groupId,
      generationId,
      memberId: known,
      groupInstanceId: null,
      protocolType,
      protocolName,
      assignments: leader === known ? assignments : [],
    })
    if (synced.errorCode === 0) return { memberId: known, generationId }
    if (synced.errorCode !== REBALANCE_IN_PROGRESS)
      throw new Error(`SyncGroup was answered ${synced.errorCode}`)
  }
}

/** Whether the group asks it to join again. */
export async function mustRejoin(
  wire: Wire,
  { generationId, groupId, memberId }: Joined & { groupId: string },
): Promise<boolean> {
  const { errorCode } = await wire.ask(heartbeat, 4, {
    groupId,
    generationId,
    memberId,
    groupInstanceId: null,
  })
  return errorCode === REBALANCE_IN_PROGRESS
}

/**
 * One member on each connection, until all are in one generation. Each goes on with heartbeats meanwhile: those who come
 * later wait for it to join again.
 */
export async function settleGroup(wires: readonly Wire[], groupId: string): Promise<Joined[]> {
  const members: (Joined | null)[] = wires.map(() => null)
  const isSettled = (): boolean =>
    members.every((member) => member !== null && member.generationId === members[0]?.generationId)
  await Promise.all(
    wires.map(async (wire, index) => {
      let member = await joinAndSync(wire, { groupId })
      members[index] = member
      while (!isSettled()) {
        if (await mustRejoin(wire, { ...member, groupId })) {
          member = await joinAndSync(wire, { groupId, memberId: member.memberId })
          members[index] = member
        } else {
          await sleep(1)
        }
      }
    }),
  )
  return members.flatMap((member) => member ?? [])
}

/** Waits a little when a coordinator says that it is not ready. */
export async function isNotYet(errorCode: number): Promise<boolean> {
  if (NOT_YET.has(errorCode)) await sleep(20)
  return NOT_YET.has(errorCode)
}
