import { askLocalBroker, type BrokerSnapshot, type ClientSnapshot } from '@millrace/broker'
import type { LocalBrokerArguments } from '../commands/local-broker.ts'
import { formatTable } from '../output/table.ts'
import { formatDuration, formatSize } from '../output/units.ts'
import { writeOut } from '../terminal.ts'

export async function showClients({ data, output }: LocalBrokerArguments): Promise<void> {
  // The broker is of this installation: what it answers is what it says it answers.
  const clients = (await askLocalBroker(data, 'clients')) as readonly ClientSnapshot[]
  if (output === 'json') {
    await writeOut(`${JSON.stringify(clients)}\n`)
    return
  }
  const rows = clients.map((client) => [
    client.address,
    client.clientId ?? '-',
    client.softwareName === '' ? '-' : `${client.softwareName} ${client.softwareVersion}`,
    formatDuration(client.ageMs),
    formatDuration(client.idleMs),
    client.requestsInFlight,
    formatSize(client.unsentBytes),
  ])
  await writeOut(formatTable(['ADDRESS', 'CLIENT', 'SOFTWARE', 'AGE', 'IDLE', 'REQUESTS', 'UNSENT'], rows))
}

export async function showStats({ data, output }: LocalBrokerArguments): Promise<void> {
  const snapshot = (await askLocalBroker(data, 'snapshot')) as BrokerSnapshot
  if (output === 'json') {
    const metrics = await askLocalBroker(data, 'metrics')
    await writeOut(`${JSON.stringify({ ...snapshot, metrics })}\n`)
    return
  }
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
  await writeOut(
    [
      `cluster ${snapshot.clusterId}: ${snapshot.topicCount} topics, ${snapshot.partitions.length} partitions, ${formatSize(sizeBytes)}, `,
      `${snapshot.connectionCount} connections, ${snapshot.requestsInFlight} requests, ${snapshot.parkedFetchCount} waiting fetches\n`,
      formatTable(['TOPIC', 'PARTITION', 'BEGIN', 'END', 'UNSYNCED', 'SIZE', 'SEGMENTS', 'STATE'], rows),
    ].join(''),
  )
}
