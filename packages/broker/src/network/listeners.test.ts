import { describe, expect, it } from 'vitest'
import { InMemoryNetwork } from './in-memory-network.ts'
import { parseListener } from './listener-address.ts'
import { openListener, planListeners } from './listeners.ts'
import type { Network, NetworkAddress } from './network.ts'

describe('parseListener', () => {
  const cases: [string, { name: string; host: string; port: number }][] = [
    ['localhost:9092', { name: 'PLAINTEXT', host: 'localhost', port: 9092 }],
    ['PLAINTEXT://:9092', { name: 'PLAINTEXT', host: '', port: 9092 }],
    ['inside://10.0.0.1:1', { name: 'INSIDE', host: '10.0.0.1', port: 1 }],
    ['[::1]:0', { name: 'PLAINTEXT', host: '::1', port: 0 }],
  ]
  it.each(cases)('reads %s', (text, expected) => {
    expect(parseListener(text)).toEqual(expected)
  })

  it.each(['', 'localhost', 'localhost:', 'localhost:99999', '::1:9092', 'a://b://c:1', 'a b:1:2'])(
    'refuses %j with a sentence',
    (text) => {
      expect(() => parseListener(text)).toThrow(/is no listener/)
    },
  )
})

describe('planListeners', () => {
  it('gives virtual brokers the ports that follow', () => {
    const plans = planListeners({
      listeners: [parseListener('localhost:9092')],
      advertised: [parseListener('log.example.com:443')],
      nodeIds: [1, 2, 3],
    })
    expect(plans.map(({ nodeId, bind, advertised }) => [nodeId, bind.port, advertised?.port])).toEqual([
      [1, 9092, 443],
      [2, 9093, 444],
      [3, 9094, 445],
    ])
  })

  it('wants to know what clients are told when every address is bound', () => {
    const listeners = [parseListener('0.0.0.0:9092')]
    expect(() => planListeners({ listeners, advertised: [], nodeIds: [1] })).toThrow(/advertised\.listeners/)
  })

  it('refuses an advertised name that is not bound', () => {
    const advertised = [parseListener('OTHER://x:1')]
    const listeners = [parseListener('localhost:9092')]
    expect(() => planListeners({ listeners, advertised, nodeIds: [1] })).toThrow(/OTHER/)
  })
})

/** A network on which some addresses cannot be bound. */
function partly(refuse: (address: NetworkAddress) => string | null): { network: Network; bound: string[] } {
  const inner = new InMemoryNetwork((run) => run())
  const bound: string[] = []
  return {
    bound,
    network: {
      listen: async (address, onConnection) => {
        const code = refuse(address)
        if (code !== null) throw Object.assign(new Error(code), { code })
        const listener = await inner.listen(address, onConnection)
        bound.push(`${address.host}:${listener.address.port}`)
        return listener
      },
    },
  }
}

describe('openListener', () => {
  const plan = { nodeId: 1, bind: parseListener('localhost:0'), advertised: null }

  it('binds both loopback addresses on one port', async () => {
    const { network, bound } = partly(() => null)
    const { info } = await openListener(network, plan, () => {})
    expect(bound).toEqual([`127.0.0.1:${info.port}`, `::1:${info.port}`])
    expect(info).toMatchObject({ host: 'localhost', nodeId: 1 })
  })

  it('does without ::1 on a machine that has none', async () => {
    const { network, bound } = partly(({ host }) => (host === '::1' ? 'EADDRNOTAVAIL' : null))
    await openListener(network, plan, () => {})
    expect(bound).toHaveLength(1)
  })

  it('looks for another free port when the second address has that one taken', async () => {
    let refusals = 2
    const { network, bound } = partly(({ host }) => (host === '::1' && refusals-- > 0 ? 'EADDRINUSE' : null))
    const { info } = await openListener(network, plan, () => {})
    expect(bound.slice(-2)).toEqual([`127.0.0.1:${info.port}`, `::1:${info.port}`])
  })

  it('fails when a named port is taken on either address', async () => {
    for (const taken of ['127.0.0.1', '::1']) {
      const { network } = partly(({ host }) => (host === taken ? 'EADDRINUSE' : null))
      const named = { ...plan, bind: parseListener('localhost:9092') }
      await expect(openListener(network, named, () => {})).rejects.toMatchObject({ code: 'EADDRINUSE' })
    }
  })
})
