import { strict as assert } from 'node:assert'
import { randomBytes } from 'node:crypto'
import { type Clock, type FileSystem, memoryFileSystem, nodeClock, nodeFileSystem } from '@millrace/log-core'
import { RunningBroker } from './broker.ts'
import type { BrokerOptions } from './broker-options.ts'
import { type BrokerSnapshot, takeSnapshot } from './broker-snapshot.ts'
import { type ClientSnapshot, takeClientSnapshots } from './client-snapshot.ts'
import { type BrokerConfig, parseBrokerConfig } from './config/broker-config.ts'
import { explainGroupOf, type GroupExplanation } from './groups/explain.ts'
import { type LocalSocket, openLocalSocket } from './local-socket/local-socket.ts'
import type { MetricValue } from './metrics/metric-registry.ts'
import { type ListenerAddress, parseListener } from './network/listener-address.ts'
import { planListeners } from './network/listeners.ts'
import type { ByteStream, Network, NetworkAddress } from './network/network.ts'
import { tcpNetwork } from './network/tcp-network.ts'
import { type Logger, silentLogger } from './observability.ts'
import { checkStartOptions } from './start-options-check.ts'

/** What `startBroker` takes. Everything has a default. */
export interface StartBrokerOptions {
  /** Where records are kept. Without it they are kept in memory, and gone with the broker. */
  readonly dataDir?: string
  /** What to bind and to tell clients: `localhost` (127.0.0.1 and ::1) by default. */
  readonly host?: string
  /** 9092 by default; 0 is any free port. */
  readonly port?: number
  /** Several listeners, each `NAME://HOST:PORT`, instead of `host` and `port`. */
  readonly listeners?: readonly string[]
  /** How many brokers this process stands for, on as many ports: 1 by default. */
  readonly nodes?: number
  /** Kafka's broker configuration by name, and `millrace.*`. An unknown name is refused. */
  readonly config?: Readonly<Record<string, string>>
  /** Pino's shape; silent by default. */
  readonly logger?: Logger
  /** Closes the broker when it is aborted. */
  readonly signal?: AbortSignal
  /** The seams, for tests and simulations. */
  readonly fileSystem?: FileSystem
  readonly network?: Network
  readonly clock?: Clock
  readonly randomBytes?: (count: number) => Buffer
}

/** A running broker. */
export interface Broker extends AsyncDisposable {
  /** For a client's `bootstrap.servers`: HOST:PORT, comma-separated. */
  readonly bootstrapServers: string
  readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[]
  readonly clusterId: string
  /** Resolves when the broker has been closed; rejects when an assertion inside failed. The process goes on. */
  readonly closed: Promise<void>
  /**
   * Connects from inside this process to one of `brokers`, without a socket: the port for a client or a
   * gateway that lives beside the broker. Throws ECONNREFUSED for any other address.
   */
  connect(address: NetworkAddress): ByteStream
  /** What the broker is at this moment: partitions, connections, what waits. */
  snapshot(): BrokerSnapshot
  /** Every metric as it is now, under Kafka's names. */
  metrics(): MetricValue[]
  /** Who is connected. */
  clients(): ClientSnapshot[]
  /**
   * What is the matter with a group, in plain words, and the facts behind them. Resolves to null when there is no such
   * group, or its offsets are still being loaded.
   */
  explainGroup(group: string): Promise<GroupExplanation | null>
  /** One pass of retention and expiry now, instead of at its time. */
  housekeep(): Promise<void>
  /**
   * Empties a broker that keeps its records in memory, between two tests: no topics, no groups, no configs. Its
   * addresses and its clients' connections stay. Rejects for a broker with a data directory.
   */
  reset(): Promise<void>
  /** Ends within two seconds: answers what was accepted, makes everything durable. Idempotent. */
  close(): Promise<void>
}

const DEFAULT_HOST = 'localhost'
const DEFAULT_PORT = 9092
/** Any path will do: this file system is nobody else's. */
const MEMORY_DATA_DIR = '/data'

/**
 * Starts a broker in this process and resolves when it accepts connections. Rejects with
 * InvalidConfigError, StorageError (the data directory), or the system's error (a port in use).
 */
export async function startBroker(options: StartBrokerOptions = {}): Promise<Broker> {
  checkStartOptions(options)
  options.signal?.throwIfAborted()
  const closed = Promise.withResolvers<void>()
  // Whoever does not look at `closed` must not die of an unhandled rejection.
  closed.promise.catch(() => {})
  const resolved = resolveOptions(options)
  const isInMemory = options.dataDir === undefined && resolved.config['log.dirs'] === null
  const opening = RunningBroker.open(resolved, (error) => {
    const fields = { reason: error.message, stack: error.stack ?? '' }
    resolved.logger.error(fields, 'internal error: the broker closes')
    closed.reject(error)
    void close().catch(() => {})
  })
  let localSocket: LocalSocket | null = null
  let isClosing: Promise<void> | null = null
  const close = (): Promise<void> => {
    isClosing ??= opening
      .then((running) => Promise.all([running.close(), localSocket?.close()]))
      .then(
        () => closed.resolve(),
        (error: unknown) => {
          closed.reject(error)
          throw error
        },
      )
    return isClosing
  }
  const running = await opening
  // Only a data directory on a real disk has one: it is found by its path.
  if (!isInMemory && options.fileSystem === undefined) localSocket = await openSocketOf(resolved, running)
  options.signal?.addEventListener('abort', () => void close().catch(() => {}), { once: true })
  return describeBroker(running, { closed: closed.promise, close, isInMemory, clock: resolved.clock })
}

function openSocketOf(
  { clock, dataDir, logger }: BrokerOptions,
  running: RunningBroker,
): Promise<LocalSocket | null> {
  const answers = {
    metrics: () => running.services.metrics.registry.snapshot(),
    clients: () => takeClientSnapshots(running.connections, clock),
    snapshot: () => takeSnapshot(running.services, running.connections),
    group: (name: string) => explainGroupOf(running.services, name),
  }
  return openLocalSocket(dataDir, answers, logger)
}

interface BrokerEnd {
  readonly closed: Promise<void>
  readonly close: () => Promise<void>
  readonly isInMemory: boolean
  readonly clock: Clock
}

function describeBroker(running: RunningBroker, { clock, closed, close, isInMemory }: BrokerEnd): Broker {
  const first = running.listeners[0]
  assert(first !== undefined)
  const { clusterView } = running.services
  const brokers = clusterView
    .brokersFor(first.info.name)
    .map(({ nodeId, host, port }) => ({ nodeId, host, port }))
  return {
    bootstrapServers: brokers.map(({ host, port }) => formatAddress(host, port)).join(','),
    brokers,
    clusterId: clusterView.clusterId,
    closed,
    connect: (address) => running.connect(address),
    snapshot: () => takeSnapshot(running.services, running.connections),
    metrics: () => running.services.metrics.registry.snapshot(),
    clients: () => takeClientSnapshots(running.connections, clock),
    explainGroup: (group) => explainGroupOf(running.services, group),
    housekeep: () => running.housekeep(),
    reset: async () => {
      if (!isInMemory) throw new Error('only a broker in memory can be reset: this one has a data directory')
      await running.reset()
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function resolveOptions(options: StartBrokerOptions): BrokerOptions {
  const settings = { ...options.config }
  if (options.nodes !== undefined) settings['millrace.nodes'] = String(options.nodes)
  const config = parseBrokerConfig(settings)
  const dataDir = options.dataDir ?? config['log.dirs']
  const nodeIds = Array.from({ length: config['millrace.nodes'] }, (_, index) => config['node.id'] + index)
  return {
    dataDir: dataDir ?? MEMORY_DATA_DIR,
    clusterId: config['millrace.cluster.id'],
    config,
    settings,
    nodeIds,
    listeners: planListeners({
      listeners: listenersOf(options, config),
      advertised: config['advertised.listeners'].map(parseListener),
      nodeIds,
    }),
    fileSystem: options.fileSystem ?? (dataDir === null ? memoryFileSystem() : nodeFileSystem()),
    network: options.network ?? tcpNetwork(),
    clock: options.clock ?? nodeClock(),
    logger: options.logger ?? silentLogger,
    randomBytes: options.randomBytes ?? randomBytes,
  }
}

/** The argument beats the configuration, and the configuration beats the default. */
function listenersOf(options: StartBrokerOptions, config: BrokerConfig): ListenerAddress[] {
  const { host, listeners, port } = options
  if (listeners !== undefined) return listeners.map(parseListener)
  if (host === undefined && port === undefined && config.listeners.length > 0) {
    return config.listeners.map(parseListener)
  }
  return [{ name: 'PLAINTEXT', host: host ?? DEFAULT_HOST, port: port ?? DEFAULT_PORT }]
}
