import { LogDirectory } from '@millrace/log-core'
import { Housekeeping } from './background/housekeeping.ts'
import type { BrokerOptions } from './broker-options.ts'
import type { BrokerServices } from './broker-services.ts'
import { ClusterView } from './cluster/cluster-view.ts'
import { ConfigPlane } from './cluster/config-plane.ts'
import { ControlPlane } from './cluster/control-plane.ts'
import { ProducerIds } from './cluster/producer-ids.ts'
import { TopicCatalog } from './cluster/topic-catalog.ts'
import type { BrokerSettings } from './config/broker-settings.ts'
import { consumerGroupTimes, groupConfigFrom } from './config/group-config.ts'
import { defaultLogConfig, topicLogConfig } from './config/topic-config.ts'
import { CatalogTopicView } from './groups/catalog-topic-view.ts'
import { GroupCoordinator } from './groups/group-coordinator.ts'
import { OffsetsTopicLog } from './groups/offsets-topic-log.ts'
import type { BrokerMetrics } from './metrics/broker-metrics.ts'
import type { ReplyBudget } from './network/reply-budget.ts'
import type { Route } from './network/route.ts'
import { DelayedFetches } from './partition/delayed-fetch.ts'
import { FetchSessions } from './partition/fetch-sessions.ts'
import { PartitionRegistry } from './partition/partition-registry.ts'
import { ClientQuotas } from './quotas/client-quotas.ts'

/** What the core shares with the network around it. */
export interface CoreSurroundings {
  readonly settings: BrokerSettings
  readonly replyBudget: ReplyBudget
  readonly metrics: BrokerMetrics
  readonly routes: readonly Route[]
}

/** All of a broker but its connections: what it keeps, and who works on it. */
export interface BrokerCore {
  readonly services: BrokerServices
  readonly housekeeping: Housekeeping
  /** Answers what is parked, and lets nothing be parked any more. What is on its way may still be finished. */
  release(): Promise<void>
  /** Makes everything durable and gives the data directory back. `release` comes first. */
  close(): Promise<void>
}

/** Puts the core together, bottom up: disk, topics, partitions, groups. */
export async function openCore(options: BrokerOptions, surroundings: CoreSurroundings): Promise<BrokerCore> {
  const logDirectory = await openLogDirectory(options)
  try {
    const services = await openServices(options, surroundings, logDirectory)
    const { catalog, clock, controlPlane, delayedFetches, groups, limits, logger, partitions } = services
    const housekeeping = new Housekeeping({
      partitions,
      logDirectory,
      groups,
      clock,
      logger,
      limits,
      config: () => services.config,
    })
    return {
      services,
      housekeeping,
      release: async () => {
        delayedFetches.close()
        await Promise.all([groups.close(), housekeeping.close()])
      },
      close: async () => {
        await controlPlane.close()
        await catalog.close()
        await logDirectory.close()
      },
    }
  } catch (error) {
    await logDirectory.close()
    throw error
  }
}

async function openServices(
  options: BrokerOptions,
  { metrics, replyBudget, routes, settings }: CoreSurroundings,
  logDirectory: LogDirectory,
): Promise<BrokerServices> {
  const { clock, config, dataDir, fileSystem, logger, nodeIds, randomBytes } = options
  const { limits } = settings
  const catalog = await TopicCatalog.open({ fs: fileSystem, dataDir, logger, randomBytes })
  settings.readDynamicFrom((resourceName) => catalog.brokerConfigs(resourceName))
  const clusterView = new ClusterView({
    clusterId: logDirectory.clusterId,
    nodeIds,
    rack: config['broker.rack'],
    assignmentOf: (topic, partition) => catalog.topic(topic)?.assignments[partition],
  })
  const delayedFetches = new DelayedFetches(clock)
  const partitions = new PartitionRegistry({
    logDirectory,
    delayedFetches,
    logger,
    configOf: (topic) => topicLogConfig(settings.defaultLogConfig, topic.configs),
  })
  const disk = { dataDir, fs: fileSystem, logDirectory, randomBytes }
  const controlPlane = new ControlPlane({ ...disk, catalog, clusterView, config, limits, logger, partitions })
  await controlPlane.start()
  const groups = await openGroups({ catalog, controlPlane, partitions, settings }, options)
  return {
    get config() {
      return settings.config
    },
    settings,
    quotas: new ClientQuotas({
      catalog,
      clock,
      windows: {
        count: settings.config['quota.window.num'],
        lengthMs: settings.config['quota.window.size.seconds'] * 1000,
      },
    }),
    configPlane: new ConfigPlane({ catalog, partitions, settings, nodeIds }),
    dataDir,
    fileSystem,
    limits,
    advertisedApis: routes.map(({ key, advertised: [minVersion, maxVersion] }) => ({
      apiKey: key,
      minVersion,
      maxVersion,
    })),
    clusterView,
    catalog,
    controlPlane,
    partitions,
    delayedFetches,
    fetchSessions: new FetchSessions({
      maxSessions: limits.maxFetchSessions,
      maxPartitions: limits.maxFetchSessionPartitions,
      clock,
      random: () => randomBytes(4).readUInt32BE(0) / 2 ** 32,
    }),
    producerIds: new ProducerIds(catalog),
    groups,
    replyBudget,
    metrics,
    clock,
    logger,
  }
}

async function openLogDirectory(options: BrokerOptions): Promise<LogDirectory> {
  const { clock, clusterId, config, dataDir, fileSystem, logger, nodeIds, randomBytes } = options
  const [nodeId] = nodeIds
  return LogDirectory.open(fileSystem, dataDir, {
    clock,
    logger,
    randomBytes,
    defaultConfig: defaultLogConfig(config),
    ...(nodeId === undefined ? {} : { nodeId }),
    ...(clusterId === null ? {} : { clusterId }),
  })
}

async function openGroups(
  {
    catalog,
    controlPlane,
    partitions,
    settings,
  }: Pick<BrokerServices, 'catalog' | 'controlPlane' | 'partitions' | 'settings'>,
  { clock, config, logger, randomBytes }: BrokerOptions,
): Promise<GroupCoordinator> {
  const partitionCount = config['offsets.topic.num.partitions']
  const groups = await GroupCoordinator.open({
    offsetsLog: new OffsetsTopicLog({ catalog, controlPlane, partitions, partitionCount }),
    clock,
    logger,
    randomBytes,
    config: groupConfigFrom(config),
    timesOf: (groupId) => consumerGroupTimes(catalog.groupConfigs(groupId), settings.config),
    topics: new CatalogTopicView(catalog),
  })
  // A client that commits right after the start must not be told to come again.
  await groups.loaded
  return groups
}
