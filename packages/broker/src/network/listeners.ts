import { strict as assert } from 'node:assert'
import { InvalidConfigError } from '../config/config-value.ts'
import type { ListenerInfo } from './connection-info.ts'
import { bindHosts, isWildcard, type ListenerAddress } from './listener-address.ts'
import type { ByteStream, Network, NetworkListener } from './network.ts'

/** One listener of one (virtual) broker: where to bind, and what to tell clients. */
export interface ListenerPlan {
  readonly nodeId: number
  readonly bind: ListenerAddress
  /** null: what is bound. A port of 0 means the bound port. */
  readonly advertised: ListenerAddress | null
}

export interface ListenerSettings {
  readonly listeners: readonly ListenerAddress[]
  readonly advertised: readonly ListenerAddress[]
  readonly nodeIds: readonly number[]
}

/** How often another free port is tried when the second loopback address has the first one's port taken. */
const MAX_PORT_TRIES = 20

/**
 * Who listens where. Virtual brokers take the ports that follow the named one (port 0: free ones).
 * Throws InvalidConfigError when clients could not be told an address.
 */
export function planListeners({ listeners, advertised, nodeIds }: ListenerSettings): ListenerPlan[] {
  for (const { name } of advertised) {
    if (!listeners.some((listener) => listener.name === name)) {
      throw new InvalidConfigError(`advertised.listeners names ${name}, which listeners does not`)
    }
  }
  const plans: ListenerPlan[] = []
  for (const bind of listeners) {
    const told = advertised.find(({ name }) => name === bind.name) ?? null
    if (told === null && isWildcard(bind.host)) {
      throw new InvalidConfigError(
        `${bind.name} listens on every address, so advertised.listeners must say which one clients are to use`,
      )
    }
    nodeIds.forEach((nodeId, index) => {
      plans.push({
        nodeId,
        bind: shiftPort(bind, index),
        advertised: told === null ? null : shiftPort(told, index),
      })
    })
  }
  return plans
}

/** A listener that accepts connections. */
export interface OpenListener {
  readonly info: ListenerInfo
  close(): Promise<void>
}

/** Binds one listener, on every address of its host. Rejects with the system's error when it cannot. */
export async function openListener(
  network: Network,
  plan: ListenerPlan,
  onConnection: (stream: ByteStream, info: ListenerInfo) => void,
): Promise<OpenListener> {
  const { bind, advertised, nodeId } = plan
  // Connections may arrive before the port is known to `info`: none is handed on until it is.
  let info: ListenerInfo | null = null
  const early: ByteStream[] = []
  const accept = (stream: ByteStream): void => {
    if (info === null) early.push(stream)
    else onConnection(stream, info)
  }
  const bound = await bindAll(network, bind, accept)
  const port = bound[0]?.address.port
  assert(port !== undefined)
  info = {
    name: bind.name,
    nodeId,
    host: advertised?.host ?? bind.host,
    port: advertised === null || advertised.port === 0 ? port : advertised.port,
  }
  for (const stream of early) onConnection(stream, info)
  return {
    info,
    close: async () => {
      await Promise.all(bound.map((listener) => listener.close()))
    },
  }
}

async function bindAll(
  network: Network,
  { host, port }: ListenerAddress,
  onConnection: (stream: ByteStream) => void,
): Promise<NetworkListener[]> {
  const [firstHost, ...otherHosts] = bindHosts(host)
  assert(firstHost !== undefined)
  for (let attempt = 1; ; attempt++) {
    const first = await network.listen({ host: firstHost, port }, onConnection)
    const bound = [first]
    const failure = await bindOthers(
      network,
      { hosts: otherHosts, port: first.address.port },
      bound,
      onConnection,
    )
    if (failure === null) return bound
    await Promise.all(bound.map((listener) => listener.close()))
    if (port !== 0 || attempt === MAX_PORT_TRIES) throw failure.error
  }
}

/** An address family that the machine lacks is no failure; a port that is taken is. */
async function bindOthers(
  network: Network,
  { hosts, port }: { readonly hosts: readonly string[]; readonly port: number },
  bound: NetworkListener[],
  onConnection: (stream: ByteStream) => void,
): Promise<{ readonly error: unknown } | null> {
  for (const host of hosts) {
    try {
      bound.push(await network.listen({ host, port }, onConnection))
    } catch (error) {
      if (!isFamilyMissing(error)) return { error }
    }
  }
  return null
}

function isFamilyMissing(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('code' in error)) return false
  return error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT' || error.code === 'EINVAL'
}

function shiftPort(address: ListenerAddress, by: number): ListenerAddress {
  return address.port === 0 ? address : { ...address, port: address.port + by }
}
