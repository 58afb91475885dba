import type { Broker } from '@millrace/broker'
import type { Client, Producer } from '@millrace/client'
import { GatewayCounts } from './gateway-counts.ts'
import type { GatewaySettings } from './gateway-options.ts'
import { HttpError } from './http/http-error.ts'
import { StreamCount } from './stream-count.ts'

/** Who has to have a record before it counts as written. */
export type Acks = 'all' | 1 | 0

/** How the broker behind the gateway does. */
export type BrokerState =
  | { readonly kind: 'loading' }
  | { readonly kind: 'running'; readonly broker: Broker }
  | { readonly kind: 'ended'; readonly reason: string }

/** What handlers may reach. The client, and all that it loads, comes with the first request that needs it. */
export class GatewayServices {
  readonly settings: GatewaySettings
  readonly streams: StreamCount
  readonly counts = new GatewayCounts()
  #state: BrokerState = { kind: 'loading' }
  #client: Promise<Client> | null = null
  readonly #producers = new Map<Acks, Producer>()
  #closing: Promise<void> | null = null

  constructor(settings: GatewaySettings) {
    this.settings = settings
    this.streams = new StreamCount(settings.limits.maxStreams)
  }

  get state(): BrokerState {
    return this.#state
  }

  setState(state: BrokerState): void {
    this.#state = state
  }

  /** The broker. Throws 503 while it loads, and when it has ended. */
  get broker(): Broker {
    const state = this.#state
    if (state.kind === 'running') return state.broker
    const message = state.kind === 'loading' ? 'the broker is loading what it keeps' : state.reason
    throw new HttpError(503, 'NOT_READY', message, { headers: { 'retry-after': '1' } })
  }

  /** The client of the broker beside us. */
  client(): Promise<Client> {
    const { broker } = this
    if (this.#closing !== null) throw new HttpError(503, 'CLOSED', 'the gateway is closing')
    this.#client ??= openClient(broker)
    return this.#client
  }

  async producer(acks: Acks = 'all'): Promise<Producer> {
    const client = await this.client()
    const known = this.#producers.get(acks)
    if (known !== undefined) return known
    // What comes over HTTP has no batches of its own: the broker's `compression.type` decides.
    // A client of Kafka's tries again for two minutes; whoever asked over HTTP is gone by then.
    const { deliveryMs } = this.settings.limits
    const producer = client.producer({ acks, compression: 'none', deliveryTimeoutMs: deliveryMs })
    this.#producers.set(acks, producer)
    return producer
  }

  /** Lets what was sent arrive, and ends the client. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= (async () => {
      const client = await this.#client?.catch(() => null)
      await client?.close()
    })()
    return this.#closing
  }
}

async function openClient(broker: Broker): Promise<Client> {
  const { createClient, inProcessNetwork } = await import('@millrace/client')
  return createClient({
    bootstrapServers: broker.bootstrapServers,
    clientId: 'millrace-gateway',
    network: inProcessNetwork(broker),
    apiTimeoutMs: 10_000,
  })
}
