import type { Clock, FileSystem } from '@millrace/log-core'
import type { BrokerConfig } from './config/broker-config.ts'
import type { ListenerPlan } from './network/listeners.ts'
import type { Network } from './network/network.ts'
import type { Logger } from './observability.ts'

/** Everything a broker is made of, decided: see start-broker.ts for what users say. */
export interface BrokerOptions {
  readonly dataDir: string
  /** Of a new data directory; null: made up. */
  readonly clusterId: string | null
  readonly config: BrokerConfig
  readonly settings: Readonly<Record<string, string>>
  readonly nodeIds: readonly number[]
  readonly listeners: readonly ListenerPlan[]
  readonly fileSystem: FileSystem
  readonly network: Network
  readonly clock: Clock
  readonly logger: Logger
  readonly randomBytes: (count: number) => Buffer
}
