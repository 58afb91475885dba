import { ClientError } from '../client-error.ts'
import type { ClientSettings } from '../client-options.ts'
import { type BrokerAddress, formatAddress } from '../network/network.ts'
import { BrokerLink } from './broker-link.ts'

/**
 * What a connection is for. A broker answers one request of a connection after the other, so a
 * parked Fetch or JoinGroup would hold back whatever is behind it: each has its own connection.
 */
export type Purpose = 'control' | 'produce' | `fetch ${number}` | `group ${number}` | `join ${number}`

/** All links of one client, by address and purpose, made on first use. */
export class BrokerLinks {
  readonly #settings: ClientSettings
  readonly #links = new Map<string, BrokerLink>()
  #isClosed = false

  constructor(settings: ClientSettings) {
    this.#settings = settings
  }

  /** The link to this address for this purpose. */
  link(address: BrokerAddress, purpose: Purpose): BrokerLink {
    if (this.#isClosed) throw new ClientError('CLOSED', 'the client is closed')
    const name = `${purpose}@${formatAddress(address)}`
    const existing = this.#links.get(name)
    if (existing !== undefined) return existing
    const created = new BrokerLink(this.#settings, address)
    this.#links.set(name, created)
    return created
  }

  /** Ends every link of one purpose: a consumer that closes takes its connections with it. */
  closePurpose(purpose: Purpose): void {
    for (const [name, link] of this.#links) {
      if (!name.startsWith(`${purpose}@`)) continue
      link.close()
      this.#links.delete(name)
    }
  }

  close(): void {
    this.#isClosed = true
    for (const link of this.#links.values()) link.close()
    this.#links.clear()
  }
}
