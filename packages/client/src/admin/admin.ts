import { createTopics, ErrorCode, KafkaError } from '@millrace/protocol'
import type { Cluster } from '../cluster.ts'

/** A topic to be created. */
export interface NewTopic {
  readonly name: string
  /** The broker's `num.partitions` when left out. */
  readonly partitions?: number
  /** The broker's `default.replication.factor` when left out. */
  readonly replicationFactor?: number
  /** Kafka's topic configs, such as `retention.ms`. */
  readonly configs?: Readonly<Record<string, string>>
}

/** Manages a cluster. */
export class Admin {
  readonly #cluster: Cluster

  /** Made by `createClient()`. */
  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  /** Creates topics; resolves when they can be used. Throws the KafkaError of the first that failed. */
  async createTopics(topics: readonly NewTopic[]): Promise<void> {
    const { requestTimeoutMs } = this.#cluster.settings
    const input = {
      topics: topics.map(({ name, partitions = -1, replicationFactor = -1, configs = {} }) => ({
        name,
        numPartitions: partitions,
        replicationFactor,
        assignments: [],
        configs: Object.entries(configs).map(([configName, value]) => ({ name: configName, value })),
      })),
      timeoutMs: requestTimeoutMs,
      validateOnly: false,
    }
    await this.#cluster.call('controller', createTopics, input, (answer) => {
      for (const { name, errorCode, errorMessage } of answer.topics) {
        if (errorCode !== ErrorCode.NONE) throw new KafkaError(errorCode, `topic "${name}": ${errorMessage}`)
      }
    })
  }
}
