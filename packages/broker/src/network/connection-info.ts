/** The listener that a connection came in on, as clients are told to reach it (trap 5). */
export interface ListenerInfo {
  readonly name: string
  /** The advertised address, not the bound one. */
  readonly host: string
  readonly port: number
  /** The (virtual) broker behind this listener: what another node leads is not led here. */
  readonly nodeId: number
}

/** What is known about one connection while it is open. */
export interface ConnectionInfo {
  readonly id: number
  readonly remoteAddress: string
  readonly remotePort: number
  readonly listener: ListenerInfo
  readonly openedAtMs: number
  /** Of the last request; null when it named none. */
  clientId: string | null
  /** From ApiVersions 3 and later; empty before. */
  softwareName: string
  softwareVersion: string
  /** Starts no further request of this connection for so long; answers still leave (KIP-219). */
  mute(delayMs: number): void
}
