import { AssertionError } from 'node:assert'
import { memoryFileSystem } from '@millrace/log-core'
import { type BrokerCore, type CoreSurroundings, openCore } from './broker-core.ts'
import type { BrokerOptions } from './broker-options.ts'
import type { BrokerServices } from './broker-services.ts'
import { BrokerSettings } from './config/broker-settings.ts'
import { measureLoopDelay, registerGauges } from './metrics/broker-gauges.ts'
import { BrokerMetrics } from './metrics/broker-metrics.ts'
import { meteredFileSystem } from './metrics/metered-file-system.ts'
import { ConnectionRegistry } from './network/connection-registry.ts'
import { InMemoryNetwork } from './network/in-memory-network.ts'
import { type OpenListener, openListener } from './network/listeners.ts'
import type { ByteStream, NetworkAddress } from './network/network.ts'
import { ReplyBudget } from './network/reply-budget.ts'
import { RequestRouter } from './network/request-router.ts'
import { routesFor } from './routes.ts'

/**
 * A broker that accepts connections: the core, which keeps everything, and the network around it. The core of a
 * broker in memory can be replaced by an empty one while the connections stay (`reset`).
 */
export class RunningBroker {
  readonly #options: BrokerOptions
  readonly #surroundings: CoreSurroundings
  readonly #connections: ConnectionRegistry
  readonly #listeners: OpenListener[] = []
  readonly #inProcess: InMemoryNetwork
  #core: BrokerCore
  #endLoopDelay = (): void => {}

  private constructor(
    options: BrokerOptions,
    core: BrokerCore,
    surroundings: CoreSurroundings,
    onInternalError: (error: AssertionError) => void,
  ) {
    this.#options = options
    this.#core = core
    this.#surroundings = surroundings
    const { clock, config, logger } = options
    this.#inProcess = new InMemoryNetwork((run) => clock.endOfTurn(run))
    const router = new RequestRouter(surroundings.routes)
    this.#connections = new ConnectionRegistry({
      limits: surroundings.settings.limits,
      maxIdleMs: config['connections.max.idle.ms'],
      clock,
      logger,
      replyBudget: surroundings.replyBudget,
      metrics: surroundings.metrics,
      route: (frame, connection, exchange) =>
        router.dispatch(this.#core.services, frame, { connection, exchange }),
      onConnectionClosed: ({ id }) => this.#core.services.delayedFetches.cancel(id),
      onHandlerError: (error) => {
        if (error instanceof AssertionError) onInternalError(error)
      },
    })
  }

  /**
   * Opens what is kept, and only then the network. `onInternalError` is told of failed assertions: the state
   * behind them cannot be trusted.
   */
  static async open(
    options: BrokerOptions,
    onInternalError: (error: AssertionError) => void,
  ): Promise<RunningBroker> {
    const settings = new BrokerSettings({ staticSettings: options.settings, nodeIds: options.nodeIds })
    const metrics = new BrokerMetrics()
    const fileSystem = meteredFileSystem(options.fileSystem, metrics.registry, options.clock)
    const surroundings = {
      settings,
      metrics,
      replyBudget: new ReplyBudget(settings.limits, (run) => options.clock.endOfTurn(run)),
      routes: routesFor(options.config['millrace.api.versions.cap']),
    }
    const core = await openCore({ ...options, fileSystem }, surroundings)
    const broker = new RunningBroker(options, core, surroundings, onInternalError)
    registerGauges(broker, metrics.registry)
    broker.#endLoopDelay = measureLoopDelay(metrics.registry)
    try {
      for (const plan of options.listeners) await broker.#listen(plan)
    } catch (error) {
      await broker.close()
      throw error
    }
    return broker
  }

  /** Replaced as a whole by `reset`: ask each time. */
  get services(): BrokerServices {
    return this.#core.services
  }

  get connections(): ConnectionRegistry {
    return this.#connections
  }

  get listeners(): readonly OpenListener[] {
    return this.#listeners
  }

  /** A connection from inside the process to the listener that clients reach at `address`: no socket in between. */
  connect(address: NetworkAddress): ByteStream {
    return this.#inProcess.connect(address)
  }

  /** One pass of retention, compaction and expiry now. */
  housekeep(): Promise<void> {
    return this.#core.housekeeping.run()
  }

  /**
   * Empties a broker in memory: no topics, no groups, no configs; addresses, connections and cluster id stay.
   * Producer ids go on, so that an old producer cannot be taken for a new one.
   */
  async reset(): Promise<void> {
    const old = this.#core
    const { clusterId } = old.services.clusterView
    const fresh = { ...this.#options, clusterId, fileSystem: memoryFileSystem() }
    const core = await openCore(fresh, this.#surroundings)
    const { nextProducerId } = old.services.catalog
    if (nextProducerId > 0) await core.services.catalog.reserveProducerIds(nextProducerId)
    for (const { info } of this.#listeners) core.services.clusterView.addListener(info)
    this.#core = core
    await old.release()
    await old.close()
  }

  /** Answers what was started, makes everything durable, and gives the data directory back. */
  async close(): Promise<void> {
    const listenersClosed = Promise.all(this.#listeners.map((listener) => listener.close()))
    const drained = this.#connections.drain(this.services.limits.closeGraceMs)
    await this.#core.release()
    await Promise.all([drained, listenersClosed])
    await this.#core.close()
    this.#endLoopDelay()
  }

  async #listen(plan: BrokerOptions['listeners'][number]): Promise<void> {
    const listener = await openListener(this.#options.network, plan, (stream, info) => {
      this.#connections.admit(stream, info)
    })
    this.#listeners.push(listener)
    this.services.clusterView.addListener(listener.info)
    const { info } = listener
    // In-process clients are told the addresses of the first listener, so only those have to lead here.
    if (info.name !== this.#listeners[0]?.info.name) return
    await this.#inProcess.listen({ host: info.host, port: info.port }, (stream) =>
      this.#connections.admit(stream, info),
    )
  }
}
