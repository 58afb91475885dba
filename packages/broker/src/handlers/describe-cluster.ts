import { type DescribeClusterRequest, type DescribeClusterResponseInput, ErrorCode } from '@millrace/protocol'
import { CLUSTER_OPERATIONS, OPERATIONS_NOT_ASKED } from './authorized-operations.ts'
import type { Handler } from './handler.ts'

const BROKERS = 1
const CONTROLLERS = 2

/** DescribeCluster, v0-2. Controllers cannot be asked for here: there are none apart from brokers. */
export const handleDescribeCluster: Handler<DescribeClusterRequest, DescribeClusterResponseInput> = (
  { clusterView },
  { connection },
  request,
) => {
  const { endpointType } = request
  if (endpointType !== BROKERS) {
    const isKnown = endpointType === CONTROLLERS
    return {
      throttleTimeMs: 0,
      errorCode: isKnown ? ErrorCode.MISMATCHED_ENDPOINT_TYPE : ErrorCode.UNSUPPORTED_ENDPOINT_TYPE,
      errorMessage: isKnown
        ? 'The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER'
        : `Unsupported endpoint type ${endpointType}`,
      clusterId: '',
      brokers: [],
    }
  }
  return {
    throttleTimeMs: 0,
    errorCode: ErrorCode.NONE,
    clusterId: clusterView.clusterId,
    controllerId: clusterView.controllerId,
    brokers: clusterView
      .brokersFor(connection.listener.name)
      .map(({ nodeId, host, port, rack }) => ({ brokerId: nodeId, host, port, rack, isFenced: false })),
    clusterAuthorizedOperations: request.includeClusterAuthorizedOperations
      ? CLUSTER_OPERATIONS
      : OPERATIONS_NOT_ASKED,
  }
}
