import { InvalidConfigError } from '../config/config-value.ts'

/** A listener as configured: Kafka's `NAME://HOST:PORT`. */
export interface ListenerAddress {
  readonly name: string
  readonly host: string
  readonly port: number
}

/** The name of the listener when none is given. */
export const DEFAULT_LISTENER_NAME = 'PLAINTEXT'

const MAX_PORT = 65_535

/**
 * Reads `NAME://HOST:PORT`, `HOST:PORT` or `[IPV6]:PORT`. An empty host is every address. Throws
 * InvalidConfigError with a sentence.
 */
export function parseListener(text: string): ListenerAddress {
  const match = /^(?:([A-Za-z0-9_-]+):\/\/)?(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]/]*)):(\d{1,5})$/.exec(text.trim())
  if (match === null)
    throw new InvalidConfigError(`${text} is no listener: expected HOST:PORT or NAME://HOST:PORT`)
  const [, name = DEFAULT_LISTENER_NAME, ipv6, host, portText] = match
  const port = Number(portText)
  if (port > MAX_PORT) throw new InvalidConfigError(`${text} is no listener: ports end at ${MAX_PORT}`)
  return { name: name.toUpperCase(), host: ipv6 ?? host ?? '', port }
}

/**
 * The addresses to bind for a host. `localhost` is both loopback addresses, because clients try either
 * first (librdkafka logs a refused ::1 at each start); the second one of a pair may be absent.
 */
export function bindHosts(host: string): readonly string[] {
  if (host === 'localhost') return ['127.0.0.1', '::1']
  if (host === '') return ['0.0.0.0', '::']
  return [host]
}

/** Whether a host is no address that a client could be told. */
export function isWildcard(host: string): boolean {
  return host === '' || host === '0.0.0.0' || host === '::'
}
