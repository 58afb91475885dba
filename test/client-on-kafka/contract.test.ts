/** Our client against Apache Kafka: the contract that it holds against Millrace too. */
import { describe } from 'vitest'
import { describeClient } from '../../packages/client/test/client-contract.ts'
import { isKafkaInstalled, startKafka } from '../kafka/apache-kafka.ts'

describe.runIf(isKafkaInstalled() || process.env.MILLRACE_REQUIRE_CLIENTS === '1')('our client', () => {
  describeClient('on Apache Kafka', ['classic', 'consumer'], async () => {
    const kafka = await startKafka({ heap: '512m' })
    return { bootstrapServers: kafka.bootstrap, [Symbol.asyncDispose]: () => kafka.close() }
  })
})
