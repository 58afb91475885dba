export {
  type Broker,
  InvalidConfigError,
  type Logger,
  type StartBrokerOptions,
  startBroker,
} from '@millrace/broker'
export {
  bytes,
  type Client,
  ClientError,
  type ClientOptions,
  createClient,
  json,
  string,
  type ValueCodec,
} from '@millrace/client'
