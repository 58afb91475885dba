export { explainGroup, type GroupFacts, type GroupFinding } from '@millrace/consumer-groups'
export type { BrokerSnapshot, PartitionSnapshot } from './broker-snapshot.ts'
export type { ClientSnapshot } from './client-snapshot.ts'
export { type CatalogDamage, repairCatalog } from './cluster/catalog-repair.ts'
export { InvalidConfigError } from './config/config-value.ts'
export type { GroupExplanation } from './groups/explain.ts'
export {
  type ImportedPartition,
  type ImportOptions,
  type ImportReport,
  importKafkaDirectory,
} from './kafka-import/import-kafka-directory.ts'
export { ImportRefusedError } from './kafka-import/kafka-directory.ts'
export type { LeftBehind } from './kafka-import/take-configs.ts'
export { askLocalBroker, NoLocalBrokerError } from './local-socket/ask-local-socket.ts'
export type { HistogramSnapshot } from './metrics/histogram.ts'
export { type MetricName, type MetricValue, metricKey } from './metrics/metric-registry.ts'
export { bindHost } from './network/bind-host.ts'
export { InMemoryNetwork } from './network/in-memory-network.ts'
export type {
  ByteStream,
  Network,
  NetworkAddress,
  NetworkListener,
  StreamReceiver,
} from './network/network.ts'
export { tcpNetwork } from './network/tcp-network.ts'
export { type Logger, type LogLevel, silentLogger } from './observability.ts'
export { type Broker, type StartBrokerOptions, startBroker } from './start-broker.ts'
