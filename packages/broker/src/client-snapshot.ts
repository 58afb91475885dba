import type { Clock } from '@millrace/log-core'
import type { ConnectionRegistry } from './network/connection-registry.ts'

/** One connection as it is at this moment: a line of `millrace clients`. */
export interface ClientSnapshot {
  readonly id: number
  /** HOST:PORT of the peer. */
  readonly address: string
  readonly listener: string
  /** As the client calls itself; null when it never did. */
  readonly clientId: string | null
  /** From ApiVersions; empty when the client did not say. */
  readonly softwareName: string
  readonly softwareVersion: string
  readonly ageMs: number
  readonly idleMs: number
  readonly requestsInFlight: number
  readonly bytesInFlight: number
  /** Answers that it has not taken. */
  readonly unsentBytes: number
}

/** Who is connected, the oldest first. */
export function takeClientSnapshots(connections: ConnectionRegistry, clock: Clock): ClientSnapshot[] {
  const nowMs = clock.monotonicMs()
  return Array.from(connections.all(), (connection) => ({
    id: connection.id,
    address: `${connection.remoteAddress}:${connection.remotePort}`,
    listener: connection.listener.name,
    clientId: connection.clientId,
    softwareName: connection.softwareName,
    softwareVersion: connection.softwareVersion,
    ageMs: nowMs - connection.openedAtMs,
    idleMs: nowMs - connection.lastActiveMs,
    requestsInFlight: connection.requestsInFlight,
    bytesInFlight: connection.bytesInFlight,
    unsentBytes: connection.unsentBytes,
  }))
}
