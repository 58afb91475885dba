import type { GroupTimer, RequestToken } from '../group-event.ts'

/** An assignor that a member offers, with what it wants the leader to know under it. Opaque to the broker. */
export interface OfferedProtocol {
  readonly name: string
  /** A copy: it outlives the request. */
  readonly metadata: Buffer
}

/** One member of a classic group. Only the group and the operations beside it change one. */
export interface ClassicMember {
  readonly memberId: string
  /** Set for a static member (KIP-345). */
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  rebalanceTimeoutMs: number
  sessionTimeoutMs: number
  /** In the member's order of preference, each name once. */
  protocols: readonly OfferedProtocol[]
  /** From the last persisted generation; opaque to the broker. */
  assignment: Buffer
  /** Its first JoinGroup has not been answered, so it cannot send heartbeats yet. */
  isNew: boolean
  awaitingJoin: RequestToken | null
  awaitingSync: RequestToken | null
  readonly sessionTimer: GroupTimer
}

export type NewClassicMember = Pick<
  ClassicMember,
  | 'memberId'
  | 'groupInstanceId'
  | 'clientId'
  | 'clientHost'
  | 'rebalanceTimeoutMs'
  | 'sessionTimeoutMs'
  | 'protocols'
>

const NO_BYTES = Buffer.alloc(0)

/** A member that nobody waits for yet and that has no assignment. */
export function createClassicMember(groupId: string, fields: NewClassicMember): ClassicMember {
  const { memberId } = fields
  return {
    ...fields,
    assignment: NO_BYTES,
    isNew: false,
    awaitingJoin: null,
    awaitingSync: null,
    sessionTimer: { kind: 'session', groupId, memberId },
  }
}

/** Whether a rejoining member says exactly what it said before: names, order and bytes. */
export function offersSame(
  member: Pick<ClassicMember, 'protocols'>,
  protocols: readonly OfferedProtocol[],
): boolean {
  if (member.protocols.length !== protocols.length) return false
  return member.protocols.every((known, index) => {
    const offered = protocols[index]
    return offered !== undefined && known.name === offered.name && known.metadata.equals(offered.metadata)
  })
}

/** Empty when the member does not offer the protocol, which a chosen protocol rules out. */
export function metadataFor(member: Pick<ClassicMember, 'protocols'>, protocolName: string | null): Buffer {
  return member.protocols.find(({ name }) => name === protocolName)?.metadata ?? NO_BYTES
}
