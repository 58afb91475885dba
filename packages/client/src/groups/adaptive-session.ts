import { consumerGroupHeartbeat, ErrorCode, KafkaError } from '@millrace/protocol'
import type { Cluster } from '../cluster.ts'
import { retry } from '../connection/retry.ts'
import type { Assignments } from './assignments.ts'
import { ClassicSession } from './classic/classic-session.ts'
import { type Committer, outsider } from './committed-offsets.ts'
import { ConsumerSession } from './consumer/consumer-session.ts'
import type { GroupSettings } from './group-options.ts'
import type { GroupSession } from './group-session.ts'
import type { TopicSelection } from './topic-selection.ts'

/** From this version on the member chooses its own id: what KIP-848 clients rely on. */
const FIRST_USABLE_HEARTBEAT = 1

/** Uses the newer protocol (KIP-848) where the broker has it, and the classic one where it has not. */
export class AdaptiveSession implements GroupSession {
  readonly #cluster: Cluster
  readonly #settings: GroupSettings
  readonly #selection: TopicSelection
  readonly #assignments: Assignments
  #session: GroupSession | null = null
  #isStopped = false

  constructor(
    cluster: Cluster,
    settings: GroupSettings,
    selection: TopicSelection,
    assignments: (session: GroupSession) => Assignments,
  ) {
    this.#cluster = cluster
    this.#settings = settings
    this.#selection = selection
    this.#assignments = assignments(this)
  }

  get assignments(): Assignments {
    return this.#assignments
  }

  get memberId(): string {
    return this.#session?.memberId ?? ''
  }

  get committer(): Committer {
    return this.#session?.committer ?? outsider(this.#settings.group)
  }

  async run(): Promise<void> {
    const { protocol } = this.#settings
    const usesConsumerProtocol =
      protocol === 'consumer' || (protocol === 'auto' && (await this.#hasConsumerProtocol()))
    if (usesConsumerProtocol) {
      try {
        await this.#runSession(
          new ConsumerSession(this.#cluster, this.#settings, this.#selection, this.#assignments),
        )
        return
      } catch (error) {
        // A broker may know the request and have the protocol switched off.
        const isOff = error instanceof KafkaError && error.code === ErrorCode.UNSUPPORTED_VERSION
        if (!isOff || protocol === 'consumer') throw error
      }
    }
    await this.#runSession(
      new ClassicSession(this.#cluster, this.#settings, this.#selection, this.#assignments),
    )
  }

  stop(): void {
    this.#isStopped = true
    this.#session?.stop()
  }

  async leave(): Promise<void> {
    await this.#session?.leave()
  }

  close(): void {
    this.#session?.close()
  }

  async #runSession(session: GroupSession): Promise<void> {
    if (this.#isStopped) return
    this.#session?.close()
    this.#session = session
    await session.run()
  }

  async #hasConsumerProtocol(): Promise<boolean> {
    const { clock, retryBackoffMs, retryBackoffMaxMs, apiTimeoutMs } = this.#cluster.settings
    const bounds = { retryBackoffMs, retryBackoffMaxMs, timeoutMs: apiTimeoutMs, what: 'ApiVersions' }
    const connection = await retry(clock, bounds, () => this.#cluster.metadata.anyConnection())
    return (connection.versions.highestCommon(consumerGroupHeartbeat) ?? 0) >= FIRST_USABLE_HEARTBEAT
  }
}
