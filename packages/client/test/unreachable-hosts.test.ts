import { describe, expect, it } from 'vitest'
import {
  type BrokerAddress,
  type ByteStream,
  type ByteStreamOwner,
  createClient,
  type Network,
} from '../src/index.ts'
import { FakeClock, within } from './fake-clock.ts'
import { FakeCluster } from './fake-cluster.ts'

/** A network in which some hosts never answer, and others refuse. */
class PartialNetwork implements Network {
  readonly tried: string[] = []
  readonly #inner: Network

  constructor(inner: Network) {
    this.#inner = inner
  }

  connect(address: BrokerAddress, owner: ByteStreamOwner, timeoutMs: number): Promise<ByteStream> {
    this.tried.push(address.host)
    if (address.host.startsWith('silent')) return new Promise(() => {})
    if (address.host.startsWith('refusing')) {
      return Promise.reject(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }))
    }
    return this.#inner.connect(address, owner, timeoutMs)
  }
}

describe('several bootstrap addresses', () => {
  it('are tried beside each other when one is silent, and one after the other when they refuse', async () => {
    const clock = new FakeClock()
    const network = new PartialNetwork(new FakeCluster({ flights: 1 }))
    const client = createClient({ bootstrapServers: 'silent-1,refusing,silent-2,fake', network, clock })
    const connecting = client.connect()
    await clock.advance(1_100)
    await connecting
    expect(network.tried).toContain('fake')
  })

  it('that all refuse are told with the reason of one of them', async () => {
    const network = new PartialNetwork(new FakeCluster({}))
    const client = createClient({ bootstrapServers: ['refusing-1', 'refusing-2'], network })
    await expect(client.connect()).rejects.toMatchObject({
      code: 'CONNECTION_FAILED',
      message: expect.stringMatching(/no broker answers at refusing-\d:9092: connection refused/),
    })
  })
})

describe('metadata that names a host that cannot be reached', () => {
  it('fails the record when its time is over, with the address and what to look at', async () => {
    const clock = new FakeClock()
    const cluster = new FakeCluster({ flights: 1 })
    const metadata = cluster.handlers.Metadata
    cluster.handlers.Metadata = async (request) => {
      const answer = await metadata?.(request)
      const brokers = [{ nodeId: 1, host: 'refusing-inside', port: 9092, rack: null }]
      return answer === null || Buffer.isBuffer(answer) ? null : { ...answer, brokers }
    }
    const network = new PartialNetwork(cluster)
    const client = createClient({ bootstrapServers: 'fake:9092', network, clock })
    const producer = client.producer({ deliveryTimeoutMs: 5_000 })
    const sending = producer.send('flights', { value: 'x' }).then(
      () => null,
      (error: Error) => error,
    )
    expect(await within(clock, 8_000, sending)).toMatchObject({ code: 'DELIVERY_TIMED_OUT' })
    // Not more often than the backoff has it.
    expect(network.tried.filter((host) => host === 'refusing-inside').length).toBeLessThan(40)
  })
})
