import { type Api, ErrorCode, findCoordinator, KafkaError } from '@millrace/protocol'
import { ClientError } from './client-error.ts'
import type { ClientSettings } from './client-options.ts'
import { BrokerLinks, type Purpose } from './connection/broker-links.ts'
import { isRetriable, retry } from './connection/retry.ts'
import { type BrokerNode, ClusterMetadata } from './metadata/cluster-metadata.ts'
import type { BrokerAddress } from './network/network.ts'
import { resourceError } from './resource-error.ts'

/** Which broker a request is for. */
export type Target = 'any' | 'controller' | { readonly nodeId: number } | { readonly group: string }

/** How a request is sent to its target. */
export interface SendOptions {
  readonly purpose?: Purpose
  readonly timeoutMs?: number
  readonly capVersion?: number
  /** The lowest version that means what is asked: an older broker is UNSUPPORTED_VERSION. */
  readonly minVersion?: number
}

const GROUP_KEY_TYPE = 0

/** Errors after which another broker, or the same one by another way, has to be asked. */
const MOVED_COORDINATOR: readonly number[] = [ErrorCode.NOT_COORDINATOR, ErrorCode.COORDINATOR_NOT_AVAILABLE]

/** The brokers behind a client: finds the right one for a request, and remembers what it learnt. */
export class Cluster {
  readonly settings: ClientSettings
  readonly links: BrokerLinks
  readonly metadata: ClusterMetadata
  readonly #coordinators = new Map<string, BrokerAddress>()
  #nextPurposeNumber = 0

  constructor(settings: ClientSettings) {
    this.settings = settings
    this.links = new BrokerLinks(settings)
    this.metadata = new ClusterMetadata(settings, this.links)
  }

  /** A number that no other consumer of this client has, for connections of its own. */
  takePurposeNumber(): number {
    return this.#nextPurposeNumber++
  }

  /** One attempt at one request. */
  async send<Response, RequestInput>(
    target: Target,
    api: Api<unknown, Response, RequestInput>,
    input: RequestInput,
    options: SendOptions = {},
  ): Promise<Response> {
    const {
      timeoutMs = this.settings.requestTimeoutMs,
      purpose = 'control',
      capVersion,
      minVersion = 0,
    } = options
    const request = { timeoutMs, minVersion, ...(capVersion === undefined ? {} : { capVersion }) }
    if (target === 'any') return (await this.metadata.anyConnection()).request(api, input, request)
    const address = await this.#address(target)
    try {
      return await this.links.link(address, purpose).request(api, input, request)
    } catch (error) {
      if (typeof target === 'object' && 'group' in target && isRetriable(error))
        this.forgetCoordinator(target.group)
      throw error
    }
  }

  /**
   * Attempts a request until it succeeds, fails for good, or the time for API calls is over. `check`
   * looks at the answer: it throws the KafkaError that the answer holds.
   */
  call<Response, RequestInput, Result>(
    target: Target,
    api: Api<unknown, Response, RequestInput>,
    input: RequestInput,
    check: (answer: Response) => Result,
    options: SendOptions & { readonly signal?: AbortSignal } = {},
  ): Promise<Result> {
    const { clock, retryBackoffMs, retryBackoffMaxMs, apiTimeoutMs, requestTimeoutMs } = this.settings
    const bounds = { retryBackoffMs, retryBackoffMaxMs, timeoutMs: apiTimeoutMs, what: api.name }
    const signal = options.signal === undefined ? {} : { signal: options.signal }
    return retry(clock, { ...bounds, ...signal }, async (remainingMs) => {
      const timeoutMs = Math.min(options.timeoutMs ?? requestTimeoutMs, remainingMs)
      const answer = await this.send(target, api, input, { ...options, timeoutMs })
      try {
        return check(answer)
      } catch (error) {
        await this.#learnFrom(target, error)
        throw error
      }
    })
  }

  /** The next request for this group asks which broker coordinates it. */
  forgetCoordinator(group: string): void {
    this.#coordinators.delete(group)
  }

  close(): void {
    this.links.close()
  }

  /** Whether the error says that somebody else has to be asked, and if so forgets who was thought right. */
  async #learnFrom(target: Target, error: unknown): Promise<void> {
    if (!(error instanceof KafkaError)) return
    if (typeof target === 'object' && 'group' in target && MOVED_COORDINATOR.includes(error.code)) {
      this.forgetCoordinator(target.group)
    }
    if (error.code === ErrorCode.NOT_CONTROLLER) await this.metadata.readAll('brokers')
  }

  async #address(target: Exclude<Target, 'any'>): Promise<BrokerAddress> {
    if (target === 'controller') return this.#controller()
    if ('group' in target) return this.#coordinator(target.group)
    const known = this.metadata.broker(target.nodeId)
    if (known !== undefined) return known
    await this.metadata.readAll('brokers')
    const found = this.metadata.broker(target.nodeId)
    if (found === undefined)
      throw new ClientError('NO_LEADER', `broker ${target.nodeId} is not in the cluster`)
    return found
  }

  async #controller(): Promise<BrokerNode> {
    const { metadata } = this
    if (metadata.broker(metadata.controllerId) === undefined) await metadata.readAll('brokers')
    const controller = metadata.broker(metadata.controllerId) ?? metadata.brokers[0]
    if (controller === undefined) throw new ClientError('NO_LEADER', 'the cluster names no broker')
    return controller
  }

  async #coordinator(group: string): Promise<BrokerAddress> {
    const known = this.#coordinators.get(group)
    if (known !== undefined) return known
    const input = { key: group, keyType: GROUP_KEY_TYPE, coordinatorKeys: [group] }
    const answer = await this.send('any', findCoordinator, input)
    // v4 answers for several keys at once; before it, the fields stand at the top.
    const found = answer.coordinators.find(({ key }) => key === group) ?? answer
    if (found.errorCode !== ErrorCode.NONE) {
      throw resourceError(`no coordinator for group "${group}"`, found.errorCode)
    }
    const address = { host: found.host, port: found.port }
    this.#coordinators.set(group, address)
    return address
  }
}
