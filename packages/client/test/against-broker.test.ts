import { startBroker } from '@millrace/broker'
import { describeClient } from './client-contract.ts'

// Three brokers in one process: partitions have different leaders, groups different coordinators.
describeClient('on Millrace with three nodes', ['classic', 'consumer'], () =>
  startBroker({ host: '127.0.0.1', port: 0, nodes: 3 }),
)
