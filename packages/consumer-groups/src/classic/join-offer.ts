import { ErrorCode, type JoinGroupRequest } from '@millrace/protocol'
import type { RequestToken } from '../group-event.ts'
import type { Step } from '../step.ts'
import type { ClassicGroup } from './classic-group.ts'
import type { ClassicMember, OfferedProtocol } from './classic-member.ts'
import { joinError } from './rebalance.ts'

/** What a JoinGroup says. */
export interface JoinOffer {
  readonly protocolType: string
  readonly protocols: readonly OfferedProtocol[]
  readonly rebalanceTimeoutMs: number
  readonly sessionTimeoutMs: number
}

/** The request with its buffers copied and its defaults filled in. */
export function readOffer(request: JoinGroupRequest): JoinOffer {
  const protocols = new Map<string, OfferedProtocol>()
  for (const { name, metadata } of request.protocols) {
    if (!protocols.has(name)) protocols.set(name, { name, metadata: Buffer.from(metadata) })
  }
  const { protocolType, rebalanceTimeoutMs, sessionTimeoutMs } = request
  return {
    protocolType,
    protocols: [...protocols.values()],
    // Version 0 has none, and kafkajs can send 0, under which nobody could ever sync in time (trap 15).
    rebalanceTimeoutMs: rebalanceTimeoutMs > 0 ? rebalanceTimeoutMs : sessionTimeoutMs,
    sessionTimeoutMs,
  }
}

/** What the member would have the group keep for it. */
export function metadataBytes({ protocols }: JoinOffer): number {
  let total = 0
  for (const { name, metadata } of protocols) total += name.length + metadata.length
  return total
}

/** Takes in what the member says now, and keeps its request until the generation begins. */
export function parkJoin(
  step: Step,
  group: ClassicGroup,
  member: ClassicMember,
  { offer, token }: { offer: JoinOffer; token: RequestToken },
): void {
  group.update(member, offer)
  const before = group.awaitJoin(member, token)
  // Whoever still waits on the request before this one is not the client that sent this one.
  if (before !== null) step.reply(before, joinError(ErrorCode.REBALANCE_IN_PROGRESS, member.memberId))
}
