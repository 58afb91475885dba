import { connect } from 'node:net'
import { type Broker, type StartBrokerOptions, startBroker } from '@millrace/broker'
import { type Client, createClient } from '@millrace/client'
import { type Gateway, type GatewayOptions, startGateway } from '../index.ts'

/** A broker in memory with a gateway in front, and a Kafka client to look behind it. */
export class TestGateway implements AsyncDisposable {
  readonly broker: Broker
  readonly gateway: Gateway
  readonly client: Client

  private constructor(broker: Broker, gateway: Gateway) {
    this.broker = broker
    this.gateway = gateway
    this.client = createClient({ bootstrapServers: broker.bootstrapServers })
  }

  static async start(options: GatewayOptions = {}, broker: StartBrokerOptions = {}): Promise<TestGateway> {
    const running = await startBroker({ host: '127.0.0.1', port: 0, ...broker })
    return new TestGateway(running, await startGateway(running, { port: 0, ...options }))
  }

  /** `fetch` of a path. */
  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.gateway.port}${path}`, init)
  }

  async json(path: string, init: RequestInit = {}): Promise<{ status: number; body: unknown }> {
    const response = await this.fetch(path, init)
    return { status: response.status, body: await response.json() }
  }

  /** POST of a JSON value. */
  post(path: string, body: unknown): Promise<{ status: number; body: unknown }> {
    const headers = { 'content-type': 'application/json' }
    return this.json(path, { method: 'POST', headers, body: JSON.stringify(body) })
  }

  /** Sends bytes as they are; resolves with everything that comes back before the gateway closes the connection. */
  raw(bytes: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.gateway.port, '127.0.0.1', () => socket.write(bytes))
      let answer = ''
      socket.on('data', (chunk) => {
        answer += chunk.toString('latin1')
      })
      socket.on('close', () => resolve(answer))
      socket.on('error', (error) => (answer === '' ? reject(error) : resolve(answer)))
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close()
    await this.gateway.close()
    await this.broker.close()
  }
}
