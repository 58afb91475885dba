import type { Api } from '@millrace/protocol'
import { TestBroker, type TestBrokerOptions } from './test-broker.ts'
import type { TestConnection } from './test-connection.ts'

/** A broker with the topic `topic` of three partitions and a connection to it: what tests of group handlers begin with. */
export class BrokerScene {
  broker: TestBroker
  /** Where `ask` asks; a test may put another in its place. */
  connection: TestConnection

  private constructor(broker: TestBroker) {
    this.broker = broker
    this.connection = broker.connect()
  }

  static async start(options: TestBrokerOptions = {}): Promise<BrokerScene> {
    const broker = await TestBroker.start(options)
    await broker.createTopic('topic', 3)
    return new BrokerScene(broker)
  }

  /** Ends the broker and starts another one. `options.fileSystem` of the one before it has the topic already. */
  async restart(options: TestBrokerOptions): Promise<void> {
    await this.broker.close()
    this.broker = await TestBroker.start(options)
    this.connection = this.broker.connect()
  }

  ask<Response, Input>(api: Api<unknown, Response, Input>, version: number, body: Input): Promise<Response> {
    return this.broker.settle(this.connection.request(api, version, body))
  }

  close(): Promise<void> {
    return this.broker.close()
  }
}
