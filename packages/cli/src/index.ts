export { type Broker, InvalidConfigError, type Logger, type StartBrokerOptions } from '@millrace/broker'
export {
  bytes,
  type Client,
  ClientError,
  type ClientOptions,
  type ConsumerRecord,
  createClient,
  type GroupOptions,
  json,
  type ReadOptions,
  type StandardSchema,
  string,
  type Topic,
  type TopicCodecs,
  type ValueCodec,
  validated,
} from '@millrace/client'
export {
  type BrokerWithTopics,
  type OpenLogDirectory,
  openLogDirectory,
  startBrokerWithTopics as startBroker,
  type Topics,
} from './embedded/broker-with-topics.ts'
