import { askLocalBroker, type BrokerSnapshot, type ClientSnapshot } from '@millrace/broker'
import type { LocalBrokerArguments } from '../commands/local-broker.ts'
import { show, table } from '../output/show.ts'
import { formatDuration, formatSize } from '../output/units.ts'

export async function showClients(args: LocalBrokerArguments): Promise<void> {
  // The broker is of this installation: what it answers is what it says it answers.
  const clients = (await askLocalBroker(args.data, 'clients')) as readonly ClientSnapshot[]
  const rows = clients.map((client) => [
    client.address,
    client.clientId ?? '-',
    client.softwareName === '' ? '-' : `${client.softwareName} ${client.softwareVersion}`,
    formatDuration(client.ageMs),
    formatDuration(client.idleMs),
    client.requestsInFlight,
    formatSize(client.unsentBytes),
  ])
  const head = ['ADDRESS', 'CLIENT', 'SOFTWARE', 'AGE', 'IDLE', 'REQUESTS', 'UNSENT']
  await show(args, { value: clients, asText: () => table(args, head, rows) })
}

export async function showStats(args: LocalBrokerArguments): Promise<void> {
  const snapshot = (await askLocalBroker(args.data, 'snapshot')) as BrokerSnapshot
  // Every metric is more than people want to see.
  const metrics = args.output === 'table' ? null : await askLocalBroker(args.data, 'metrics')
  const sizeBytes = snapshot.partitions.reduce((sum, partition) => sum + partition.sizeBytes, 0)
  const rows = snapshot.partitions.map((partition) => [
    partition.topic,
    partition.partition,
    partition.logStartOffset,
    partition.highWatermark,
    partition.logEndOffset - partition.highWatermark,
    formatSize(partition.sizeBytes),
    partition.segmentCount,
    partition.failure ?? 'online',
  ])
  const heading = [
    `cluster ${snapshot.clusterId}: ${snapshot.topicCount} topics, ${snapshot.partitions.length} partitions, ${formatSize(sizeBytes)}, `,
    `${snapshot.connectionCount} connections, ${snapshot.requestsInFlight} requests, ${snapshot.parkedFetchCount} waiting fetches\n`,
  ].join('')
  const head = ['TOPIC', 'PARTITION', 'BEGIN', 'END', 'UNSYNCED', 'SIZE', 'SEGMENTS', 'STATE']
  await show(args, {
    value: { ...snapshot, metrics },
    asText: () => `${args.quiet ? '' : heading}${table(args, head, rows)}`,
  })
}
