import { strict as assert } from 'node:assert'
import { InvalidConfigError } from '../config/config-value.ts'
import { bindHost } from './bind-host.ts'
import type { ListenerInfo } from './connection-info.ts'
import { isWildcard, type ListenerAddress } from './listener-address.ts'
import type { ByteStream, Network } from './network.ts'

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
  const bound = await bindHost(bind, (address) => network.listen(address, accept))
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

function shiftPort(address: ListenerAddress, by: number): ListenerAddress {
  return address.port === 0 ? address : { ...address, port: address.port + by }
}
