import { strict as assert } from 'node:assert'
import type { ListenerInfo } from '../network/connection-info.ts'

/** A broker as clients are told of it. */
export interface BrokerEndpoint {
  readonly nodeId: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
}

/** What the cluster is made of. */
export interface ClusterViewOptions {
  readonly clusterId: string
  readonly nodeIds: readonly number[]
  readonly rack: string | null
  /** The brokers that somebody chose for a partition, the leader first. */
  readonly assignmentOf: (topicName: string, partition: number) => readonly number[] | undefined
}

/**
 * Who is in the cluster and who leads what. One process may stand for several brokers (virtual
 * ones, later real ones): handlers ask here, and answer NOT_LEADER_OR_FOLLOWER for what the broker
 * behind the request's listener does not lead.
 */
export class ClusterView {
  readonly clusterId: string
  readonly nodeIds: readonly number[]
  readonly rack: string | null
  readonly #assignmentOf: ClusterViewOptions['assignmentOf']
  /** By the name of the listener, then by node. */
  readonly #endpoints = new Map<string, BrokerEndpoint[]>()

  constructor({ clusterId, nodeIds, rack, assignmentOf }: ClusterViewOptions) {
    assert(nodeIds.length > 0)
    assert(new Set(nodeIds).size === nodeIds.length, 'node ids are distinct')
    this.clusterId = clusterId
    this.nodeIds = nodeIds
    this.rack = rack
    this.#assignmentOf = assignmentOf
  }

  /** Any live broker will do for clients that look for the controller (trap 7): the first one. */
  get controllerId(): number {
    return this.#node(0)
  }

  /** Tells the advertised address of a listener, once it is bound. */
  addListener({ name, host, port, nodeId }: ListenerInfo): void {
    const endpoints = this.#endpoints.get(name) ?? []
    endpoints.push({ nodeId, host, port, rack: this.rack })
    this.#endpoints.set(name, endpoints)
  }

  /** The brokers, at the addresses of the listener that the client used (trap 5). */
  brokersFor(listenerName: string): readonly BrokerEndpoint[] {
    return this.#endpoints.get(listenerName) ?? []
  }

  /** Where a client of that listener finds one broker. */
  endpointOf(listenerName: string, nodeId: number): BrokerEndpoint | undefined {
    return this.brokersFor(listenerName).find((endpoint) => endpoint.nodeId === nodeId)
  }

  /** The addresses of one broker, as `advertised.listeners` writes them. */
  advertisedListeners(nodeId: number): string {
    return [...this.#endpoints]
      .flatMap(([name, endpoints]) =>
        endpoints
          .filter((endpoint) => endpoint.nodeId === nodeId)
          .map(({ host, port }) => `${name}://${host.includes(':') ? `[${host}]` : host}:${port}`),
      )
      .join(',')
  }

  /** The first of the chosen brokers; else spread over the brokers, beginning at a place that depends on the topic. */
  leaderOf(topicName: string, partition: number): number {
    if (this.nodeIds.length === 1) return this.#node(0)
    return this.#chosen(topicName, partition)?.[0] ?? this.#node(firstLeaderIndex(topicName) + partition)
  }

  /** The leader first. A factor above the number of brokers shows each broker once. */
  replicasOf(topicName: string, partition: number, replicationFactor: number): readonly number[] {
    // Asked of every partition there is when somebody wants to know all: they share one answer.
    if (this.nodeIds.length === 1) return this.nodeIds
    const chosen = this.#chosen(topicName, partition)
    if (chosen !== undefined) return chosen
    const count = this.replicaCount(replicationFactor)
    if (count === 1) return [this.leaderOf(topicName, partition)]
    const first = firstLeaderIndex(topicName) + partition
    return Array.from({ length: count }, (_, index) => this.#node(first + index))
  }

  /** How many brokers keep a partition: all of them are in sync, because they share one log. */
  replicaCount(replicationFactor: number): number {
    return Math.min(replicationFactor, this.nodeIds.length)
  }

  isLeader(nodeId: number, topicName: string, partition: number): boolean {
    return this.leaderOf(topicName, partition) === nodeId
  }

  /** Brokers that were chosen and have gone since (a process started with fewer of them) lead nothing. */
  #chosen(topicName: string, partition: number): readonly number[] | undefined {
    const chosen = this.#assignmentOf(topicName, partition)?.filter((nodeId) => this.nodeIds.includes(nodeId))
    return chosen === undefined || chosen.length === 0 ? undefined : chosen
  }

  #node(index: number): number {
    const nodeId = this.nodeIds[index % this.nodeIds.length]
    assert(nodeId !== undefined)
    return nodeId
  }
}

function firstLeaderIndex(topicName: string): number {
  let hash = 0
  for (let index = 0; index < topicName.length; index++)
    hash = (hash * 31 + topicName.charCodeAt(index)) >>> 0
  return hash % 1024
}
