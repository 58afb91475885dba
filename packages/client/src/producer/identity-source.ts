import { ErrorCode, initProducerId } from '@millrace/protocol'
import type { Cluster } from '../cluster.ts'
import { resourceError } from '../resource-error.ts'
import type { ProducerIdentity } from './producer-batch.ts'

/** Part of the request though nothing is transactional; Kafka's default. */
const TRANSACTION_TIMEOUT_MS = 60_000

/** Gets the identity of an idempotent producer from the cluster, and another one when it is worn out. */
export class IdentitySource {
  readonly #cluster: Cluster
  #current: ProducerIdentity | null = null
  #fetching: Promise<ProducerIdentity> | null = null

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  /** The newest identity, or null before the first answer. */
  get current(): ProducerIdentity | null {
    return this.#current
  }

  /** Asks for an identity that differs from `worn`; whoever asks meanwhile shares the answer. */
  async fetch(worn: ProducerIdentity | null): Promise<ProducerIdentity> {
    if (this.#current !== null && this.#current !== worn) return this.#current
    this.#fetching ??= this.#ask().finally(() => {
      this.#fetching = null
    })
    return this.#fetching
  }

  async #ask(): Promise<ProducerIdentity> {
    const input = {
      transactionalId: null,
      transactionTimeoutMs: TRANSACTION_TIMEOUT_MS,
      producerId: -1,
      producerEpoch: -1,
    }
    this.#current = await this.#cluster.call('any', initProducerId, input, (answer) => {
      if (answer.errorCode !== ErrorCode.NONE) throw resourceError('no producer id', answer.errorCode)
      return { producerId: answer.producerId, producerEpoch: answer.producerEpoch }
    })
    return this.#current
  }
}
