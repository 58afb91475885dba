/** The rows about the catalog: each is measured in each round on whatever broker is given. */
import {
  apiVersions,
  createTopics,
  deleteTopics,
  describeConfigs,
  encodeRequest,
  metadata,
} from '@millrace/protocol'
import { Wire } from '../harness/wire.ts'

/** Sizes, which a trial run makes small. */
export interface AdminScale {
  readonly partitions: number
  readonly deletedTopics: number
  readonly listedPartitions: number
  readonly describedTopics: number
}

export const WHOLE: AdminScale = {
  partitions: 100,
  deletedTopics: 1000,
  listedPartitions: 10_000,
  describedTopics: 1000,
}
export const TINY: AdminScale = { partitions: 4, deletedTopics: 5, listedPartitions: 20, describedTopics: 5 }

/** By the name of the row. */
export type AdminSample = Readonly<Record<string, number>>

const PARTITIONS_EACH = 100
const TIMEOUT_MS = 120_000
const TOPIC = 2
/** Topics that one request makes: Kafka's controller refuses batches of much more. */
const TOPICS_EACH = 100

/** What is looked at: topics of many partitions, made once. */
export async function prepare(bootstrap: string, { listedPartitions }: AdminScale): Promise<void> {
  const wire = await Wire.open(bootstrap)
  const each = Math.min(PARTITIONS_EACH, listedPartitions)
  for (let made = 0; made < listedPartitions; made += each) await create(wire, [`listed-${made}`], each)
  wire.close()
}

/** One round. */
export async function measureAdmin(
  bootstrap: string,
  scale: AdminScale,
  round: number,
): Promise<AdminSample> {
  const wire = await Wire.open(bootstrap)
  const one = await create(wire, [`one-${round}`], 1)
  const many = await create(wire, [`many-${round}`], scale.partitions)
  await remove(wire, [`one-${round}`, `many-${round}`])
  const names = Array.from({ length: scale.deletedTopics }, (_, index) => `gone-${round}-${index}`)
  for (let at = 0; at < names.length; at += TOPICS_EACH)
    await create(wire, names.slice(at, at + TOPICS_EACH), 1)
  await visible(wire, names)
  const described = await describe(wire, names.slice(0, scale.describedTopics))
  const deleted = await remove(wire, names)
  const { ms: listed, stallMs } = await list(wire, bootstrap)
  wire.close()
  return { one, many, deleted, listed, stallMs, described }
}

async function create(wire: Wire, names: readonly string[], numPartitions: number): Promise<number> {
  const asked = { numPartitions, replicationFactor: 1, assignments: [], configs: [] }
  const { answer, ms } = await wire.timed(createTopics, 7, {
    topics: names.map((name) => ({ name, ...asked })),
    timeoutMs: TIMEOUT_MS,
    validateOnly: false,
  })
  checkAll(answer.topics)
  return ms
}

/** Kafka's broker learns of a topic after its controller has answered. */
async function visible(wire: Wire, names: readonly string[]): Promise<void> {
  for (;;) {
    const { answer } = await wire.timed(metadata, 12, {
      topics: names.map((name) => ({ topicId: NO_ID, name })),
      allowAutoTopicCreation: false,
      includeTopicAuthorizedOperations: false,
    })
    if (answer.topics.every(({ errorCode }) => errorCode === 0)) return
  }
}

async function remove(wire: Wire, names: readonly string[]): Promise<number> {
  const { answer, ms } = await wire.timed(deleteTopics, 6, {
    topics: names.map((name) => ({ name, topicId: NO_ID })),
    timeoutMs: TIMEOUT_MS,
  })
  checkAll(answer.responses)
  return ms
}

async function describe(wire: Wire, names: readonly string[]): Promise<number> {
  const { answer, ms } = await wire.timed(describeConfigs, 4, {
    resources: names.map((resourceName) => ({ resourceType: TOPIC, resourceName, configurationKeys: null })),
    includeSynonyms: false,
    includeDocumentation: false,
  })
  checkAll(answer.results)
  return ms
}

/**
 * Asks for everything, while another connection asks for next to nothing all the time: its longest wait is the stall. The
 * answers stay as they are: decoding ten thousand partitions here would hold up the second connection too.
 */
async function list(wire: Wire, bootstrap: string): Promise<{ ms: number; stallMs: number }> {
  const header = { correlationId: 0, clientId: 'bench' }
  const small = Buffer.concat(
    encodeRequest(apiVersions, 3, header, { clientSoftwareName: 'bench', clientSoftwareVersion: '1' }),
  )
  const everything = Buffer.concat(
    encodeRequest(metadata, 12, header, {
      topics: null,
      allowAutoTopicCreation: false,
      includeTopicAuthorizedOperations: false,
    }),
  )
  const other = await Wire.open(bootstrap)
  let stallMs = 0
  let isOver = false
  const watching = (async () => {
    while (!isOver) {
      const startedMs = performance.now()
      await other.askRaw(small)
      stallMs = Math.max(stallMs, performance.now() - startedMs)
    }
  })()
  const startedMs = performance.now()
  await wire.askRaw(everything)
  const ms = performance.now() - startedMs
  isOver = true
  await watching
  other.close()
  return { ms, stallMs }
}

const NO_ID = 'AAAAAAAAAAAAAAAAAAAAAA'

function checkAll(answers: readonly { readonly errorCode: number }[]): void {
  const failed = answers.find(({ errorCode }) => errorCode !== 0)
  if (failed !== undefined) throw new Error(`refused: ${JSON.stringify(failed).slice(0, 300)}`)
}
