import { readdirSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { createTopics, deleteTopics, ErrorCode, produce } from '@millrace/protocol'
import { expect, it } from 'vitest'
import { MillraceProcess } from '../../packages/broker/compat/process/millrace-process.ts'
import { honestBatch } from '../bad-input/hostile-batches.ts'
import { residentBytes } from '../bad-input/process-memory.ts'
import { WireClient } from '../bad-input/wire-client.ts'
import { SeededRandom } from '../seeded-random.ts'
import { HEAVY_TIMEOUT_MS, sized } from './load-size.ts'

const TOPICS = sized(80, 200)
const ROUNDS = sized(1, 10)
const OWNERS = 8
const PRODUCERS = 8
const SEED = Number(process.env.HEAVY_SEED ?? 1)
const GROWTH_LIMIT_BYTES = 160 * 1024 * 1024
const REMOVED_WITHIN_MS = 70_000

/** What Kafka answers for a topic that comes and goes. */
const ALLOWED = new Set<number>([
  ErrorCode.NONE,
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
])

async function createAndDelete(port: number, names: readonly string[]): Promise<void> {
  await using client = await WireClient.connect(port)
  for (const name of names) {
    const topic = { name, numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }
    const created = await client.ask(createTopics, 7, { topics: [topic], timeoutMs: 10_000 })
    expect(created.topics[0]?.errorCode, `create ${name}`).toBe(ErrorCode.NONE)
    const deleted = await client.ask(deleteTopics, 4, { topicNames: [name], timeoutMs: 10_000 })
    expect(deleted.responses[0]?.errorCode, `delete ${name}`).toBe(ErrorCode.NONE)
  }
}

async function produceWhile(
  port: number,
  isGoingOn: () => boolean,
  pick: () => string,
): Promise<Map<number, number>> {
  await using client = await WireClient.connect(port)
  const counts = new Map<number, number>()
  while (isGoingOn()) {
    const answer = await client.ask(produce, 9, {
      transactionalId: null,
      acks: -1,
      timeoutMs: 10_000,
      topicData: [{ name: pick(), partitionData: [{ index: 1, records: honestBatch() }] }],
    })
    const code = answer.responses[0]?.partitionResponses[0]?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR
    counts.set(code, (counts.get(code) ?? 0) + 1)
  }
  return counts
}

it(
  `${TOPICS} topics are created and deleted ${ROUNDS} times while they are produced to`,
  async () => {
    await using broker = await MillraceProcess.start({ settings: { 'log.segment.delete.delay.ms': '1000' } })
    const random = new SeededRandom(SEED)
    const names = Array.from({ length: TOPICS }, (_, index) => `topic-${index}`)
    const shares = Array.from({ length: OWNERS }, (_, owner) =>
      Array.from({ length: ROUNDS }, () => names.filter((_name, index) => index % OWNERS === owner)).flat(),
    )
    await createAndDelete(broker.port, names.slice(0, 20))
    const before = residentBytes(broker.pid)
    let isGoingOn = true
    // Each owner has one topic at a time: producers that follow them closely meet some of them alive.
    let current = 0
    const producing = Array.from({ length: PRODUCERS }, () =>
      produceWhile(
        broker.port,
        () => isGoingOn,
        () => names[(current++ + random.between(0, 3)) % TOPICS] ?? '',
      ),
    )
    await Promise.all(shares.map((share) => createAndDelete(broker.port, share)))
    isGoingOn = false
    const counts = new Map<number, number>()
    for (const each of await Promise.all(producing)) {
      for (const [code, count] of each) counts.set(code, (counts.get(code) ?? 0) + count)
    }
    process.stdout.write(`answers by error code: ${JSON.stringify(Object.fromEntries(counts))}\n`)
    expect([...counts.keys()].filter((code) => !ALLOWED.has(code))).toEqual([])
    expect(counts.get(ErrorCode.NONE) ?? 0).toBeGreaterThan(0)
    expect(broker.output).not.toMatch(/"level":(50|60)|assertion|unhandled/i)
    expect(residentBytes(broker.pid) - before).toBeLessThan(GROWTH_LIMIT_BYTES)
    const left = (): string[] =>
      readdirSync(broker.dataDir, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && entry.name.startsWith('topic-'))
        .map(({ name }) => name)
    const deadlineMs = performance.now() + REMOVED_WITHIN_MS
    while (left().length > 0 && performance.now() < deadlineMs) await wait(100)
    expect(left()).toEqual([])
  },
  HEAVY_TIMEOUT_MS,
)
