import { startBroker } from '@millrace/broker'
import { describeClient } from './client-contract.ts'

describeClient(
  'on Millrace that offers what Kafka 2.4 did',
  ['classic'],
  () => startBroker({ host: '127.0.0.1', port: 0, config: { 'millrace.api.versions.cap': '2.4' } }),
  { isOld: true },
)
