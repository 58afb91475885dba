import { LIMITS } from './client-limits.ts'
import { type MutableCounters, newCounters } from './counters.ts'
import type { BrokerAddress, Network } from './network/network.ts'
import { type TlsOptions, tcpNetwork } from './network/tcp-network.ts'
import { integerOption, invalidOption, nameOption, partOption, refuseUnknownOptions } from './option-check.ts'
import { checkSaslOptions, type SaslOptions } from './security/sasl.ts'
import { type Clock, nodeClock } from './time/clock.ts'

/** How a client reaches its cluster. Only `bootstrapServers` is needed. */
export interface ClientOptions {
  /** `host:port`, several with commas or as an array. Any broker of the cluster will do. */
  readonly bootstrapServers: string | readonly string[]
  /** How the broker's logs and quotas name this program. Default `millrace`. */
  readonly clientId?: string
  /** TLS, with Node's own trust in certificates (true), or with options of `node:tls`. Default false. */
  readonly tls?: boolean | TlsOptions
  /** Who this client is, where the broker wants to know. */
  readonly sasl?: SaslOptions
  /** Time for TCP to connect, in ms. Default 10,000. */
  readonly connectTimeoutMs?: number
  /** Time for one answer, in ms. Default 30,000. */
  readonly requestTimeoutMs?: number
  /** Time in which admin calls and look-ups retry what may pass by itself, in ms. Default 60,000. */
  readonly apiTimeoutMs?: number
  /** First pause before a retry, in ms; it doubles, with jitter, up to `retryBackoffMaxMs`. Default 50. */
  readonly retryBackoffMs?: number
  /** Longest pause before a retry, in ms. Default 1,000. */
  readonly retryBackoffMaxMs?: number
  /** Age at which cached metadata is read again, in ms. Default 300,000. */
  readonly metadataMaxAgeMs?: number
  /** Largest answer that is taken, in bytes. Default 128 MiB. */
  readonly maxResponseBytes?: number
  /** Another way to reach the broker than TCP. */
  readonly network?: Network
  /** Another clock than the machine's. */
  readonly clock?: Clock
}

/** The options with every default filled in. */
export interface ClientSettings {
  readonly bootstrapServers: readonly BrokerAddress[]
  readonly clientId: string
  readonly connectTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly apiTimeoutMs: number
  readonly retryBackoffMs: number
  readonly retryBackoffMaxMs: number
  readonly metadataMaxAgeMs: number
  readonly maxResponseBytes: number
  readonly tls: boolean
  readonly sasl: SaslOptions | null
  readonly network: Network
  readonly clock: Clock
  /** Counted up by whoever does what they count. */
  readonly counters: MutableCounters
}

const OPTION_NAMES = [
  'bootstrapServers',
  'clientId',
  'tls',
  'sasl',
  'connectTimeoutMs',
  'requestTimeoutMs',
  'apiTimeoutMs',
  'retryBackoffMs',
  'retryBackoffMaxMs',
  'metadataMaxAgeMs',
  'maxResponseBytes',
  'network',
  'clock',
]
const HOUR_MS = 3_600_000

/** Checks the options and fills in the defaults. Throws INVALID_OPTION, naming the option. */
export function resolveClientOptions(options: ClientOptions): ClientSettings {
  refuseUnknownOptions('createClient', options, OPTION_NAMES)
  const milliseconds = (name: string, given: number | undefined, fallback: number): number =>
    integerOption(name, given, { min: 1, max: 24 * HOUR_MS, default: fallback })
  if (options.sasl !== undefined) checkSaslOptions(options.sasl)
  checkTls(options.tls)
  partOption('network', options.network, 'connect')
  partOption('clock', options.clock, 'monotonicMs')
  const retryBackoffMs = milliseconds('retryBackoffMs', options.retryBackoffMs, 50)
  return {
    bootstrapServers: parseBootstrapServers(options.bootstrapServers),
    clientId: nameOption('clientId', options.clientId, 'millrace'),
    connectTimeoutMs: milliseconds('connectTimeoutMs', options.connectTimeoutMs, 10_000),
    requestTimeoutMs: milliseconds('requestTimeoutMs', options.requestTimeoutMs, 30_000),
    apiTimeoutMs: milliseconds('apiTimeoutMs', options.apiTimeoutMs, 60_000),
    retryBackoffMs,
    retryBackoffMaxMs: Math.max(
      retryBackoffMs,
      milliseconds('retryBackoffMaxMs', options.retryBackoffMaxMs, 1_000),
    ),
    metadataMaxAgeMs: milliseconds('metadataMaxAgeMs', options.metadataMaxAgeMs, 300_000),
    maxResponseBytes: integerOption('maxResponseBytes', options.maxResponseBytes, {
      min: LIMITS.minResponseBytes,
      max: LIMITS.maxResponseBytes,
      default: LIMITS.defaultResponseBytes,
    }),
    tls: options.tls !== undefined && options.tls !== false,
    sasl: options.sasl ?? null,
    network: options.network ?? tcpNetwork(options.tls === true ? {} : options.tls || null),
    clock: options.clock ?? nodeClock(),
    counters: newCounters(),
  }
}

function checkTls(given: unknown): void {
  if (given === undefined || typeof given === 'boolean' || (typeof given === 'object' && given !== null))
    return
  throw invalidOption('tls', given, 'true, false or options of node:tls')
}

/** Reads `host:port` (also `[::1]:9092`, and a host alone, with Kafka's port 9092). */
export function parseBootstrapServers(given: string | readonly string[]): BrokerAddress[] {
  const texts: unknown = typeof given === 'string' ? given.split(',') : given
  if (!Array.isArray(texts) || !texts.every((text) => typeof text === 'string')) {
    throw invalidOption('bootstrapServers', given, 'host:port, or an array of them')
  }
  const addresses = texts
    .map((text) => text.trim())
    .filter((text) => text !== '')
    .map(parseAddress)
  if (addresses.length === 0) throw invalidOption('bootstrapServers', given, 'at least one host:port')
  return addresses
}

function parseAddress(text: string): BrokerAddress {
  const match = /^(?:\[([0-9a-fA-F:.%]+)\]|([^\s:/[\]]+))(?::(\d{1,5}))?$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3] ?? 9092)
  if (host === undefined || port < 1 || port > 65535) {
    throw invalidOption('bootstrapServers', text, 'host:port, for example localhost:9092')
  }
  return { host, port }
}
