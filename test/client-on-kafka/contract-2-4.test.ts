/** Our client against the oldest Kafka that it works with: 2.4 with ZooKeeper. */
import { describe } from 'vitest'
import { describeClient } from '../../packages/client/test/client-contract.ts'
import { isKafka24Installed, startKafka24 } from '../kafka/kafka-2-4.ts'

describe.runIf(isKafka24Installed() || process.env.MILLRACE_REQUIRE_CLIENTS === '1')('our client', () => {
  describeClient('on Apache Kafka 2.4', ['classic'], () => startKafka24(), { isOld: true })
})
