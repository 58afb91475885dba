import { clusterConfigs } from './fixed/cluster-configs.ts'
import type { FixedConfig } from './fixed/fixed-config.ts'
import { groupsConfigs } from './fixed/groups-configs.ts'
import { processConfigs } from './fixed/process-configs.ts'
import { securityConfigs } from './fixed/security-configs.ts'
import { tieringConfigs } from './fixed/tiering-configs.ts'

/** Every broker configuration of Kafka 4.3 that is not in `brokerConfigTable`, by name. */
export const fixedBrokerConfigs: ReadonlyMap<string, FixedConfig> = new Map(
  [...securityConfigs, ...clusterConfigs, ...groupsConfigs, ...processConfigs, ...tieringConfigs].map(
    (config) => [config.name, config],
  ),
)
