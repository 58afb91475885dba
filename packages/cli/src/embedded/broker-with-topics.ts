import { type Broker, InMemoryNetwork, type StartBrokerOptions, startBroker } from '@millrace/broker'
import {
  type Admin,
  type Client,
  createClient,
  inProcessNetwork,
  type Topic,
  type TopicCodecs,
} from '@millrace/client'

/** What can be done with topics, wherever the log is: a `Client` can do it too. */
export interface Topics {
  /** One topic, with codecs for its keys and values. */
  topic<K = Buffer, V = Buffer>(name: string, codecs?: TopicCodecs<K, V>): Topic<K, V>
  /** Topics, configs, groups and offsets. */
  readonly admin: Admin
}

/** A broker in this process, with a client of its own that reaches it without a socket. */
export interface BrokerWithTopics extends Broker, Topics {}

/** A data directory opened for this process alone. Whoever opened it closes it. */
export interface OpenLogDirectory extends Topics, AsyncDisposable {
  /** Makes everything durable and gives the directory free. Idempotent. */
  close(): Promise<void>
}

/** Starts a broker as `@millrace/broker` does, and adds `topic()` and `admin`. */
export async function startBrokerWithTopics(options: StartBrokerOptions = {}): Promise<BrokerWithTopics> {
  const broker = await startBroker(options)
  return withTopics(broker, clientOf(broker))
}

/**
 * Opens a data directory for programs that want a log and no server: nothing listens anywhere, and
 * no other process can open the directory meanwhile. Topics and groups are kept as a broker keeps
 * them, so `millrace serve --data PATH` can serve the directory afterwards, and the other way round.
 */
export async function openLogDirectory(
  path: string,
  options: Omit<StartBrokerOptions, 'dataDir' | 'host' | 'port' | 'listeners' | 'network' | 'nodes'> = {},
): Promise<OpenLogDirectory> {
  const network = new InMemoryNetwork((run) => void setImmediate(run))
  const broker = await startBroker({ ...options, dataDir: path, host: 'in-process', port: 1, network })
  const client = clientOf(broker)
  const close = async (): Promise<void> => {
    await client.close()
    await broker.close()
  }
  return {
    admin: client.admin,
    topic: (name, codecs) => client.topic(name, codecs),
    close,
    [Symbol.asyncDispose]: close,
  }
}

function clientOf(broker: Broker): Client {
  return createClient({
    bootstrapServers: broker.bootstrapServers,
    clientId: 'millrace-in-process',
    network: inProcessNetwork(broker),
  })
}

/** The client ends before its broker does, so that nothing of it is left waiting. */
function withTopics(broker: Broker, client: Client): BrokerWithTopics {
  const close = async (): Promise<void> => {
    await client.close()
    await broker.close()
  }
  return {
    ...broker,
    admin: client.admin,
    topic: (name, codecs) => client.topic(name, codecs),
    close,
    [Symbol.asyncDispose]: close,
  }
}
