/** A group of two counts flights; one member is killed on the way, the other takes over. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Kafka, logLevel } from 'kafkajs'
import type { Counts } from './count-member.ts'

const MEMBER = fileURLToPath(new URL('./count-member.ts', import.meta.url))

export interface CountedGroup {
  /** Flights per airport, from the metadata of the commits. */
  readonly counts: Counts
  /** Partitions that the member that was killed had committed, and that the other went on with. */
  readonly takenOver: readonly number[]
}

export interface CountGroupOptions {
  readonly bootstrap: string
  readonly topic: string
  readonly group: string
  readonly ends: ReadonlyMap<number, number>
}

export async function countInGroup(options: CountGroupOptions): Promise<CountedGroup> {
  const { bootstrap, topic, group, ends } = options
  const total = [...ends.values()].reduce((sum, end) => sum + end, 0)
  const members = [startMember(options), startMember(options)]
  const committed = new Map<number, number>()
  const committedBy = members.map(() => new Set<number>())
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let isKilled = false
  let victim = -1
  const sum = (): number => [...committed.values()].reduce((a, b) => a + b, 0)
  for (const [index, member] of members.entries()) {
    member.once('exit', (code) => {
      if (index !== victim) reject(new Error(`a member ended by itself with ${code}`))
    })
    const lines = createInterface({ input: member.stdout ?? process.stdin })
    lines.on('line', (line) => {
      const { partition, offset } = JSON.parse(line) as { partition: number; offset: number }
      committed.set(partition, offset)
      committedBy[index]?.add(partition)
      // In the middle of the work, and only once both have a share of it.
      if (!isKilled && sum() > total / 3 && committedBy.every((partitions) => partitions.size > 0)) {
        isKilled = true
        victim = index
        member.kill('SIGKILL')
      }
      if (sum() === total) resolve()
    })
  }
  try {
    await promise
  } finally {
    await Promise.all(members.map(endMember))
  }
  const lost = committedBy[victim] ?? new Set<number>()
  const survivor = committedBy[1 - victim] ?? new Set<number>()
  return {
    counts: await committedCounts(bootstrap, topic, group),
    takenOver: [...lost].filter((partition) => survivor.has(partition)),
  }
}

function startMember({ bootstrap, topic, group }: CountGroupOptions): ChildProcess {
  return spawn(
    process.execPath,
    ['--conditions=@millrace/source', '--no-warnings', MEMBER, bootstrap, topic, group],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
}

async function endMember(member: ChildProcess): Promise<void> {
  if (member.exitCode !== null || member.signalCode !== null) return
  member.removeAllListeners('exit')
  const exited = once(member, 'exit')
  // It leaves the group, which can be reset at once then.
  member.kill('SIGTERM')
  await exited
}

async function committedCounts(bootstrap: string, topic: string, groupId: string): Promise<Counts> {
  const kafka = new Kafka({ clientId: 'reader', brokers: [bootstrap], logLevel: logLevel.ERROR })
  const admin = kafka.admin()
  await admin.connect()
  const all = await admin.fetchOffsets({ groupId, topics: [topic] })
  await admin.disconnect()
  const counts: Counts = {}
  for (const { metadata } of all[0]?.partitions ?? []) {
    for (const [origin, count] of Object.entries(JSON.parse(metadata ?? '{}') as Counts)) {
      counts[origin] = (counts[origin] ?? 0) + count
    }
  }
  return counts
}
