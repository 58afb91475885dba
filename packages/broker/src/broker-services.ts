import type { Clock, FileSystem } from '@millrace/log-core'
import type { ClusterView } from './cluster/cluster-view.ts'
import type { ConfigPlane } from './cluster/config-plane.ts'
import type { ControlPlane } from './cluster/control-plane.ts'
import type { ProducerIds } from './cluster/producer-ids.ts'
import type { TopicCatalog } from './cluster/topic-catalog.ts'
import type { BrokerConfig } from './config/broker-config.ts'
import type { BrokerSettings } from './config/broker-settings.ts'
import type { GroupCoordinator } from './groups/group-coordinator.ts'
import type { Limits } from './limits.ts'
import type { BrokerMetrics } from './metrics/broker-metrics.ts'
import type { AdvertisedApi } from './network/advertised-apis.ts'
import type { ReplyBudget } from './network/reply-budget.ts'
import type { Logger } from './observability.ts'
import type { DelayedFetches } from './partition/delayed-fetch.ts'
import type { FetchSessions } from './partition/fetch-sessions.ts'
import type { PartitionRegistry } from './partition/partition-registry.ts'
import type { ClientQuotas } from './quotas/client-quotas.ts'

/** What handlers may reach: one broker's parts, put together in broker.ts. Nothing here is global. */
export interface BrokerServices {
  /** As it is now: some of it may change while the broker runs. */
  readonly config: BrokerConfig
  /** Where `config` comes from. */
  readonly settings: BrokerSettings
  readonly configPlane: ConfigPlane
  readonly quotas: ClientQuotas
  /** As it was given. */
  readonly dataDir: string
  readonly fileSystem: FileSystem
  readonly limits: Limits
  readonly advertisedApis: readonly AdvertisedApi[]
  readonly clusterView: ClusterView
  readonly catalog: TopicCatalog
  readonly controlPlane: ControlPlane
  readonly partitions: PartitionRegistry
  readonly delayedFetches: DelayedFetches
  readonly fetchSessions: FetchSessions
  readonly producerIds: ProducerIds
  readonly groups: GroupCoordinator
  readonly replyBudget: ReplyBudget
  readonly metrics: BrokerMetrics
  readonly clock: Clock
  readonly logger: Logger
}
