import {
  createPartitions,
  createTopics,
  deleteTopics,
  describeConfigs,
  ErrorCode,
  incrementalAlterConfigs,
  metadata,
} from '@millrace/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WireClient } from '../../../../test/bad-input/wire-client.ts'
import { SeededRandom } from '../../../../test/seeded-random.ts'
import { MillraceProcess } from '../process/millrace-process.ts'

/** In CI a few; the nightly part has 200. */
const KILLS = Number(process.env.MILLRACE_CATALOG_KILLS ?? '15')
const SEED = Number(process.env.MILLRACE_CATALOG_SEED ?? '8')
const TOPIC = 2

type Step = (client: WireClient) => Promise<number | undefined>

/** What one life of the broker is asked for, in order: a topic made, configured and grown, its forerunner deleted. */
function stepsOf(round: number): Step[] {
  const name = `k${round}`
  return [
    async (client) => {
      const topics = [{ name, numPartitions: 3, replicationFactor: 1, assignments: [], configs: [] }]
      return (await client.ask(createTopics, 7, { topics })).topics[0]?.errorCode
    },
    async (client) => {
      const configs = [{ name: 'retention.ms', configOperation: 0, value: '5000' }]
      const resources = [{ resourceType: TOPIC, resourceName: name, configs }]
      const { responses } = await client.ask(incrementalAlterConfigs, 1, { resources, validateOnly: false })
      return responses[0]?.errorCode
    },
    async (client) => {
      const topics = [{ name, count: 5, assignments: null }]
      const answer = await client.ask(createPartitions, 3, { topics, timeoutMs: 0, validateOnly: false })
      return answer.results[0]?.errorCode
    },
    async (client) => {
      const topics = [{ name: `k${round - 1}` }]
      return (await client.ask(deleteTopics, 6, { topics, timeoutMs: 0 })).responses[0]?.errorCode
    },
  ]
}

/** How many of the round's steps a client finds done; throws when it finds something between two of them. */
async function stepsDone(client: WireClient, round: number): Promise<number> {
  const { topics } = await client.ask(metadata, 12, { topics: null })
  const partitions = new Map(topics.map((topic) => [topic.name, topic.partitions]))
  for (const each of topics) {
    const errors = each.partitions.map(({ errorCode }) => errorCode)
    expect([each.name, errors]).toEqual([each.name, errors.map(() => ErrorCode.NONE)])
  }
  const own = partitions.get(`k${round}`)?.length
  const isOldThere = partitions.has(`k${round - 1}`)
  if (own === undefined) {
    expect(isOldThere, 'the old topic is there until the new one is').toBe(true)
    return 0
  }
  const resources = [{ resourceType: TOPIC, resourceName: `k${round}`, configurationKeys: ['retention.ms'] }]
  const { results } = await client.ask(describeConfigs, 4, { resources })
  const isConfigured = results[0]?.configs[0]?.value === '5000'
  if (own === 3) return isConfigured ? 2 : 1
  expect([own, isConfigured]).toEqual([5, true])
  return isOldThere ? 3 : 4
}

describe('the catalog', () => {
  let broker: MillraceProcess
  beforeAll(async () => {
    broker = await MillraceProcess.start()
    const client = await WireClient.connect(broker.port)
    const [createFirst] = stepsOf(0)
    expect(await createFirst?.(client)).toBe(ErrorCode.NONE)
    await client[Symbol.asyncDispose]()
  })
  afterAll(async () => {
    await broker?.close()
  })

  it(`is one of the two legal states after each of ${KILLS} SIGKILLs, never between`, {
    timeout: 30_000 + KILLS * 3000,
  }, async () => {
    const random = new SeededRandom(SEED)
    const cutShort = new Map<number, number>()
    for (let round = 1; round <= KILLS; round++) {
      let answered = 0
      const dying = WireClient.connect(broker.port)
        .then(async (client) => {
          for (const step of stepsOf(round)) {
            const errorCode = await step(client)
            if (errorCode === ErrorCode.NONE) answered++
            else return
          }
        })
        // The broker died under it.
        .catch(() => {})
      await new Promise((resolve) => setTimeout(resolve, random.next() * 40))
      await broker.kill()
      await dying
      await broker.restart()
      const client = await WireClient.connect(broker.port)
      const done = await stepsDone(client, round)
      expect([answered, answered + 1], `round ${round}`).toContain(done)
      cutShort.set(done, (cutShort.get(done) ?? 0) + 1)
      // The next round starts from what is settled.
      for (const step of stepsOf(round).slice(done)) await step(client)
      await client[Symbol.asyncDispose]()
    }
    process.stdout.write(`steps found done after the kills: ${JSON.stringify([...cutShort])}\n`)
  })
})
