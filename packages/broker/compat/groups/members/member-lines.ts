/**
 * The command line that every member program shares:
 *
 *   BOOTSTRAP TOPIC GROUP PROTOCOL    lives as a member of the group until SIGTERM, then leaves
 *
 * PROTOCOL is `eager`, `cooperative` or `consumer` (KIP-848). Each batch is read, told, and then committed. A line of
 * JSON on standard output for each thing that happens:
 *
 *   {"assigned": [0, 1]}    what the member owns now, each time that it changes
 *   {"read": [[0, 5, 9]]}   partition, first and last offset of what was read without a gap
 */
export interface MemberArguments {
  readonly bootstrap: string
  readonly topic: string
  readonly group: string
  readonly protocol: string
}

export function memberArguments(): MemberArguments {
  const [bootstrap, topic, group, protocol] = process.argv.slice(2)
  if (bootstrap === undefined || topic === undefined || group === undefined || protocol === undefined) {
    throw new Error('BOOTSTRAP TOPIC GROUP PROTOCOL')
  }
  return { bootstrap, topic, group, protocol }
}

export function tellAssigned(partitions: readonly number[]): void {
  process.stdout.write(`${JSON.stringify({ assigned: [...partitions].sort((a, b) => a - b) })}\n`)
}

export function tellRead(partition: number, first: number, last: number): void {
  process.stdout.write(`${JSON.stringify({ read: [[partition, first, last]] })}\n`)
}

/** Sessions as short as they can be without a busy machine ending them. */
export const SESSION_TIMEOUT_MS = 6_000
export const HEARTBEAT_INTERVAL_MS = 1_000
