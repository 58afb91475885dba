import { AssertionError } from 'node:assert'
import { type Clock, type FileSystem, LogDirectory } from '@millrace/log-core'
import { Housekeeping } from './background/housekeeping.ts'
import type { BrokerServices } from './broker-services.ts'
import { ClusterView } from './cluster/cluster-view.ts'
import { ConfigPlane } from './cluster/config-plane.ts'
import { ControlPlane } from './cluster/control-plane.ts'
import { ProducerIds } from './cluster/producer-ids.ts'
import { TopicCatalog } from './cluster/topic-catalog.ts'
import type { BrokerConfig } from './config/broker-config.ts'
import { BrokerSettings } from './config/broker-settings.ts'
import { groupConfigFrom } from './config/group-config.ts'
import { defaultLogConfig, topicLogConfig } from './config/topic-config.ts'
import { CatalogTopicView } from './groups/catalog-topic-view.ts'
import { GroupCoordinator } from './groups/group-coordinator.ts'
import { OffsetsTopicLog } from './groups/offsets-topic-log.ts'
import { ConnectionRegistry } from './network/connection-registry.ts'
import { type ListenerPlan, type OpenListener, openListener } from './network/listeners.ts'
import type { Network } from './network/network.ts'
import { ReplyBudget } from './network/reply-budget.ts'
import { RequestRouter } from './network/request-router.ts'
import type { Logger } from './observability.ts'
import { DelayedFetches } from './partition/delayed-fetch.ts'
import { FetchSessions } from './partition/fetch-sessions.ts'
import { PartitionRegistry } from './partition/partition-registry.ts'
import { routesFor } from './routes.ts'

/** Everything a broker is made of, decided: see start-broker.ts for what users say. */
export interface BrokerOptions {
  readonly dataDir: string
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

/** A broker that accepts connections. */
export interface OpenBroker {
  readonly services: BrokerServices
  readonly connections: ConnectionRegistry
  readonly listeners: readonly OpenListener[]
  readonly housekeeping: Housekeeping
  /** Answers what was started, makes everything durable, and gives the data directory back. */
  close(): Promise<void>
}

/**
 * Puts a broker together, bottom up: disk, topics, partitions, groups, and only then the network.
 * `onInternalError` is told of failed assertions: the state behind them cannot be trusted.
 */
export async function openBroker(
  options: BrokerOptions,
  onInternalError: (error: AssertionError) => void,
): Promise<OpenBroker> {
  const { clock, config, dataDir, fileSystem, logger, nodeIds, randomBytes } = options
  const logDirectory = await openLogDirectory(options)
  try {
    const rack = config['broker.rack']
    const catalog = await TopicCatalog.open({ fs: fileSystem, dataDir, logger, randomBytes })
    const clusterView = new ClusterView({
      clusterId: logDirectory.clusterId,
      nodeIds,
      rack,
      assignmentOf: (topic, partition) => catalog.topic(topic)?.assignments[partition],
    })
    const settings = new BrokerSettings({
      staticSettings: options.settings,
      nodeIds,
      dynamicOf: (resourceName) => catalog.brokerConfigs(resourceName),
    })
    const { limits } = settings
    const delayedFetches = new DelayedFetches(clock)
    const partitions = new PartitionRegistry({
      logDirectory,
      delayedFetches,
      logger,
      configOf: (topic) => topicLogConfig(settings.defaultLogConfig, topic.configs),
    })
    const controlPlane = new ControlPlane({
      catalog,
      clusterView,
      config,
      dataDir,
      fs: fileSystem,
      limits,
      logDirectory,
      logger,
      partitions,
      randomBytes,
    })
    await controlPlane.start()
    const groups = await openGroups({ catalog, controlPlane, partitions }, options)
    const replyBudget = new ReplyBudget(limits)
    const routes = routesFor(config['millrace.api.versions.cap'])
    const services: BrokerServices = {
      get config() {
        return settings.config
      },
      settings,
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
      clock,
      logger,
    }
    const router = new RequestRouter(routes)
    const connections = new ConnectionRegistry({
      limits,
      maxIdleMs: config['connections.max.idle.ms'],
      clock,
      logger,
      replyBudget,
      route: (frame, connection) => router.dispatch(services, frame, connection),
      onConnectionClosed: ({ id }) => delayedFetches.cancel(id),
      onHandlerError: (error) => {
        if (error instanceof AssertionError) onInternalError(error)
      },
    })
    const housekeeping = new Housekeeping({
      partitions,
      logDirectory,
      groups,
      clock,
      logger,
      limits,
      config: () => settings.config,
    })
    const listeners: OpenListener[] = []
    const close = async (): Promise<void> => {
      const listenersClosed = Promise.all(listeners.map((listener) => listener.close()))
      const drained = connections.drain(limits.closeGraceMs)
      delayedFetches.close()
      await Promise.all([groups.close(), housekeeping.close()])
      await Promise.all([drained, listenersClosed])
      await controlPlane.close()
      await catalog.close()
      await logDirectory.close()
    }
    try {
      for (const plan of options.listeners) {
        const listener = await openListener(options.network, plan, (stream, info) =>
          connections.admit(stream, info),
        )
        listeners.push(listener)
        clusterView.addListener(listener.info)
      }
    } catch (error) {
      await close()
      throw error
    }
    return { services, connections, listeners, housekeeping, close }
  } catch (error) {
    await logDirectory.close()
    throw error
  }
}

async function openLogDirectory({
  clock,
  config,
  dataDir,
  fileSystem,
  logger,
  nodeIds,
  randomBytes,
}: BrokerOptions): Promise<LogDirectory> {
  const clusterId = config['millrace.cluster.id']
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
  { catalog, controlPlane, partitions }: Pick<BrokerServices, 'catalog' | 'controlPlane' | 'partitions'>,
  { clock, config, logger, randomBytes }: BrokerOptions,
): Promise<GroupCoordinator> {
  const partitionCount = config['offsets.topic.num.partitions']
  const groups = await GroupCoordinator.open({
    offsetsLog: new OffsetsTopicLog({ catalog, controlPlane, partitions, partitionCount }),
    clock,
    logger,
    randomBytes,
    config: groupConfigFrom(config),
    topics: new CatalogTopicView(catalog),
  })
  // A client that commits right after the start must not be told to come again.
  await groups.loaded
  return groups
}
