/** What the gateway counts of itself. Fields, because they stand in hot paths. */
export class GatewayCounts {
  requests = 0
  failedRequests = 0
  webSockets = 0
  webSocketRecords = 0
}
