import { isIP } from 'node:net'
import { type Logger, silentLogger } from '@millrace/broker'
import { type GatewayLimits, gatewayLimits } from './gateway-limits.ts'
import { type GuardPolicy, parseOrigin } from './http/request-guard.ts'
import { type Clock, nodeClock } from './time/clock.ts'

/** What `startGateway` takes. Everything has a default. */
export interface GatewayOptions {
  /** What to bind: `localhost` (127.0.0.1 and ::1) by default. */
  readonly host?: string
  /** 9080 by default; 0 is any free port. */
  readonly port?: number
  /** Lets the gateway listen beyond this machine although it asks nobody for a password. Default false. */
  readonly insecure?: boolean
  /** Origins of web pages, besides its own, that may use the gateway: `https://app.example`. */
  readonly allowedOrigins?: readonly string[]
  /** Names that the gateway answers to besides IP addresses, `localhost` and `host`: of a proxy in front, for example. */
  readonly allowedHosts?: readonly string[]
  /** Pino's shape; silent by default. */
  readonly logger?: Logger
  /** Other limits than the usual ones. */
  readonly limits?: Partial<GatewayLimits>
  readonly clock?: Clock
}

/** The options with every default filled in, and checked. */
export interface GatewaySettings {
  readonly host: string
  readonly port: number
  readonly policy: GuardPolicy
  readonly logger: Logger
  readonly limits: GatewayLimits
  readonly clock: Clock
}

/** An option that cannot be used. */
export class GatewayOptionError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'GatewayOptionError'
  }
}

/** Checks the options. Throws a GatewayOptionError that says what is wrong and what to do. */
export function resolveGatewayOptions(options: GatewayOptions): GatewaySettings {
  const {
    allowedHosts = [],
    allowedOrigins = [],
    host = 'localhost',
    insecure = false,
    port = 9080,
  } = options
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new GatewayOptionError(`port ${port}: expected 0 to 65535`)
  }
  if (!isLoopback(host) && !insecure) {
    throw new GatewayOptionError(
      `${host} can be reached from other machines, and the gateway asks nobody for a password: ` +
        'listen on localhost behind a proxy that does, or say --insecure',
    )
  }
  const origins = allowedOrigins.map((text) => {
    const origin = parseOrigin(text)
    if (origin === null)
      throw new GatewayOptionError(`origin ${text}: expected SCHEME://HOST[:PORT], as https://app.example`)
    return origin
  })
  const hosts = [host, ...allowedHosts].map((name) => name.toLowerCase())
  return {
    host,
    port,
    policy: { hosts: hosts.filter((name) => isIP(name) === 0), allowedOrigins: origins },
    logger: options.logger ?? silentLogger,
    limits: gatewayLimits(options.limits),
    clock: options.clock ?? nodeClock(),
  }
}

/** Whether only programs of this machine can connect to the host. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}
