import { strict as assert } from 'node:assert'
import { bindHosts } from './listener-address.ts'
import type { NetworkAddress, NetworkListener } from './network.ts'

/** How often another free port is tried when the second loopback address has the first one's port taken. */
const MAX_PORT_TRIES = 20

/**
 * Binds every address of a host (`localhost` has two) to one port; a port of 0 is any that is free on all of them.
 * `bind` binds one. An address family that the machine lacks is no failure; a port that is taken is. Rejects with
 * the error of `bind`, and then nothing is bound.
 */
export async function bindHost<Bound extends NetworkListener>(
  { host, port }: NetworkAddress,
  bind: (address: NetworkAddress) => Promise<Bound>,
): Promise<Bound[]> {
  const [firstHost, ...otherHosts] = bindHosts(host)
  assert(firstHost !== undefined)
  for (let attempt = 1; ; attempt++) {
    const first = await bind({ host: firstHost, port })
    const bound = [first]
    const failure = await bindOthers({ hosts: otherHosts, port: first.address.port }, bound, bind)
    if (failure === null) return bound
    await Promise.all(bound.map((listener) => listener.close()))
    if (port !== 0 || attempt === MAX_PORT_TRIES) throw failure.error
  }
}

async function bindOthers<Bound extends NetworkListener>(
  { hosts, port }: { readonly hosts: readonly string[]; readonly port: number },
  bound: Bound[],
  bind: (address: NetworkAddress) => Promise<Bound>,
): Promise<{ readonly error: unknown } | null> {
  for (const host of hosts) {
    try {
      bound.push(await bind({ host, port }))
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
