import { expect, it } from 'vitest'
import { bindHost } from './bind-host.ts'
import type { NetworkAddress, NetworkListener } from './network.ts'

const failure = (code: string): Error => Object.assign(new Error(code), { code })

/** Binds unless `refuse` names an error; keeps what is bound now. */
function binder(refuse: (address: NetworkAddress, attempt: number) => string | null): {
  readonly bound: Set<string>
  readonly bind: (address: NetworkAddress) => Promise<NetworkListener>
} {
  const bound = new Set<string>()
  let attempt = 0
  return {
    bound,
    bind: async ({ host, port }) => {
      const code = refuse({ host, port }, attempt++)
      if (code !== null) throw failure(code)
      const address = { host, port: port === 0 ? 5_000 + attempt : port }
      bound.add(`${host} ${address.port}`)
      return { address, close: async () => void bound.delete(`${host} ${address.port}`) }
    },
  }
}

it('takes another free port when the second loopback address has the first one taken, and leaves nothing bound', async () => {
  const { bind, bound } = binder((_, attempt) => (attempt === 1 ? 'EADDRINUSE' : null))
  const listeners = await bindHost({ host: 'localhost', port: 0 }, bind)
  expect(listeners.map(({ address }) => address.port)).toEqual([5_003, 5_003])
  expect(bound.size).toBe(2)
})

it('binds nothing when a port that was asked for is taken on one of the addresses', async () => {
  const { bind, bound } = binder((_, attempt) => (attempt === 1 ? 'EADDRINUSE' : null))
  await expect(bindHost({ host: 'localhost', port: 9_092 }, bind)).rejects.toThrow('EADDRINUSE')
  expect(bound.size).toBe(0)
})

it('gives up after some ports', async () => {
  const { bind, bound } = binder(({ port }) => (port === 0 ? null : 'EADDRINUSE'))
  await expect(bindHost({ host: 'localhost', port: 0 }, bind)).rejects.toThrow('EADDRINUSE')
  expect(bound.size).toBe(0)
})

it.each(['EADDRNOTAVAIL', 'EAFNOSUPPORT'])(
  'does without an address family that is missing: %s',
  async (code) => {
    const { bind } = binder((_, attempt) => (attempt === 1 ? code : null))
    expect(await bindHost({ host: 'localhost', port: 9_092 }, bind)).toHaveLength(1)
  },
)
