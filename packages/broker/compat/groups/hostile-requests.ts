/** Requests about groups that no client means to send, over a plain connection, and what a broker answers. */
import { connect, type Socket } from 'node:net'
import {
  consumerGroupDescribe,
  consumerGroupHeartbeat,
  createTopics,
  decodeResponse,
  deleteGroups,
  describeGroups,
  ErrorCode,
  encodeRequest,
  FrameSplitter,
  findCoordinator,
  heartbeat,
  type JoinGroupRequestInput,
  joinGroup,
  leaveGroup,
  offsetCommit,
  offsetDelete,
  offsetFetch,
  syncGroup,
} from '@millrace/protocol'

const MAX_FRAME_BYTES = 100 * 1024 * 1024
const RETRY_AFTER_MS = 100

type AnyApi = Parameters<typeof encodeRequest>[0]

/** One plain connection that asks one thing at a time. */
export class PlainConnection {
  readonly #socket: Socket
  readonly #splitter = new FrameSplitter({ maxFrameBytes: MAX_FRAME_BYTES })
  #wake = (): void => {}
  #lastId = 0
  #isClosed = false

  constructor(bootstrap: string) {
    const [host = '', port = ''] = bootstrap.split(':')
    this.#socket = connect(Number(port), host === 'localhost' ? '127.0.0.1' : host)
    this.#socket.on('data', (chunk) => {
      this.#splitter.push(Buffer.from(chunk))
      this.#wake()
    })
    this.#socket.on('error', () => {})
    this.#socket.on('close', () => {
      this.#isClosed = true
      this.#wake()
    })
  }

  async ask<Response, Input>(
    api: { request(version: number): { encode(writer: never, value: Input): void } } & {
      response(version: number): { decode(reader: never): Response }
    },
    version: number,
    body: Input,
  ): Promise<Response> {
    const anyApi = api as unknown as AnyApi
    const frame = encodeRequest(anyApi, version, { correlationId: ++this.#lastId, clientId: 'hostile' }, body)
    this.#socket.write(Buffer.concat(frame))
    for (;;) {
      const answer = this.#splitter.next()
      if (answer !== null) return decodeResponse(anyApi, version, answer).body as Response
      if (this.#isClosed) throw new Error('the broker closed the connection')
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  close(): void {
    this.#socket.destroy()
  }
}

/** Asks each thing once. The answers are error names by what was asked, the same for every broker that is like Kafka. */
export async function askBadly(bootstrap: string): Promise<Record<string, string>> {
  const connection = new PlainConnection(bootstrap)
  try {
    await connection.ask(createTopics, 7, {
      topics: [{ name: 't', numPartitions: 3, replicationFactor: 1, assignments: [], configs: [] }],
      timeoutMs: 5_000,
    })
    await untilReady(connection)
    return {
      ...(await commits(connection)),
      ...(await classic(connection)),
      ...(await consumer(connection)),
      ...(await withoutGroupId(connection)),
    }
  } finally {
    connection.close()
  }
}

/** A coordinator that has just been started takes its time. */
async function untilReady(connection: PlainConnection): Promise<void> {
  for (;;) {
    const { coordinators } = await connection.ask(findCoordinator, 4, {
      key: '',
      keyType: 0,
      coordinatorKeys: ['g'],
    })
    if (coordinators[0]?.errorCode === ErrorCode.NONE && (await commit(connection, {})) === 'NONE') return
    await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER_MS))
  }
}

async function commit(
  connection: PlainConnection,
  { groupId = 'g', name = 't', offset = 1, partition = 0 },
): Promise<string> {
  const { topics } = await connection.ask(offsetCommit, 8, {
    groupId,
    generationIdOrMemberEpoch: -1,
    memberId: '',
    topics: [
      { name, partitions: [{ partitionIndex: partition, committedOffset: offset, committedMetadata: null }] },
    ],
  })
  return nameOf(topics[0]?.partitions[0]?.errorCode)
}

async function commits(connection: PlainConnection): Promise<Record<string, string>> {
  const many = await connection.ask(offsetCommit, 8, {
    groupId: 'g',
    generationIdOrMemberEpoch: -1,
    memberId: '',
    topics: [
      {
        name: 't',
        partitions: Array.from({ length: 100_000 }, (_, partitionIndex) => ({
          partitionIndex,
          committedOffset: 1,
          committedMetadata: null,
        })),
      },
    ],
  })
  const codes = new Set(many.topics[0]?.partitions.map(({ errorCode }) => nameOf(errorCode)))
  return {
    'commit: unknown topic': await commit(connection, { name: 'nowhere' }),
    'commit: unknown partition': await commit(connection, { partition: 99 }),
    'commit: negative partition': await commit(connection, { partition: -1 }),
    'commit: negative offset': await commit(connection, { offset: -5 }),
    'commit: empty group id': await commit(connection, { groupId: '' }),
    'commit: newlines in the group id': await commit(connection, { groupId: 'a\r\nb' }),
    'commit: 32,767 characters': await commit(connection, { groupId: 'x'.repeat(32_767) }),
    'commit: 100,000 partitions': `${many.topics[0]?.partitions.length} ${[...codes].sort()}`,
  }
}

/** How a client that means well joins, but for what is said otherwise. */
export function joinRequest(
  groupId: string,
  over: Partial<JoinGroupRequestInput> = {},
): JoinGroupRequestInput {
  return {
    groupId,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    memberId: '',
    groupInstanceId: null,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: Buffer.from('m') }],
    reason: null,
    ...over,
  }
}

async function classic(connection: PlainConnection): Promise<Record<string, string>> {
  const ask = (over: {
    groupId?: string
    memberId?: string
    protocolType?: string
    protocols?: { name: string; metadata: Buffer }[]
  }) => connection.ask(joinGroup, 9, joinRequest('classic', over))
  const sync = (groupId: string, memberId: string) =>
    connection.ask(syncGroup, 5, {
      groupId,
      generationId: 1,
      memberId,
      groupInstanceId: null,
      protocolType: 'consumer',
      protocolName: 'range',
      assignments: [],
    })
  const { memberId } = await ask({})
  const joined = await ask({ memberId })
  const left = await connection.ask(leaveGroup, 5, {
    groupId: 'classic',
    memberId: '',
    members: [{ memberId: 'stranger', groupInstanceId: null, reason: null }],
  })
  return {
    'join: empty group id': nameOf((await ask({ groupId: '' })).errorCode),
    'join: no protocols': nameOf((await ask({ protocols: [] })).errorCode),
    'join: no protocol type': nameOf((await ask({ groupId: 'no type', protocolType: '' })).errorCode),
    'join: a stranger': nameOf((await ask({ memberId: 'stranger' })).errorCode),
    'sync: no such group': nameOf((await sync('nobody', 'x')).errorCode),
    'sync: a stranger': nameOf((await sync('classic', 'stranger')).errorCode),
    'leave: a stranger': nameOf(left.members[0]?.errorCode),
    'heartbeat: future generation': nameOf(
      (
        await connection.ask(heartbeat, 4, {
          groupId: 'classic',
          generationId: (joined.generationId ?? 0) + 5,
          memberId,
          groupInstanceId: null,
        })
      ).errorCode,
    ),
  }
}

async function consumer(connection: PlainConnection): Promise<Record<string, string>> {
  const beat = (over: {
    groupId?: string
    memberId?: string
    memberEpoch?: number
    subscribedTopicRegex?: string
  }) =>
    connection.ask(consumerGroupHeartbeat, 1, {
      groupId: 'modern',
      memberId: 'member',
      memberEpoch: 0,
      instanceId: null,
      rackId: null,
      rebalanceTimeoutMs: 10_000,
      subscribedTopicNames: ['t'],
      subscribedTopicRegex: null,
      serverAssignor: null,
      topicPartitions: [],
      ...over,
    })
  const regex = async (pattern: string): Promise<string> =>
    nameOf((await beat({ memberId: `matches ${pattern}`, subscribedTopicRegex: pattern })).errorCode)
  const { memberEpoch } = await beat({})
  return {
    'beat: future epoch': nameOf((await beat({ memberEpoch: memberEpoch + 5 })).errorCode),
    'beat: an epoch that means nothing': nameOf((await beat({ memberEpoch: -7 })).errorCode),
    'beat: empty group id': nameOf((await beat({ groupId: '' })).errorCode),
    'beat: empty member id': nameOf((await beat({ memberId: '' })).errorCode),
    'regex: not one': await regex('('),
    'regex: a back-reference': await regex('(a)\\1'),
    'regex: for ever in a backtracking engine': await regex('(a+)+(b+)+$'),
    'regex: a program of a million states': await regex('(a{1000}){1000}'),
  }
}

/** The empty group id, in every API that takes one, and before what else is wrong with the request. */
async function withoutGroupId(connection: PlainConnection): Promise<Record<string, string>> {
  const groupId = ''
  const join = async (over: { sessionTimeoutMs?: number; protocols?: [] }): Promise<string> => {
    const answer = await connection.ask(joinGroup, 9, joinRequest(groupId, over))
    return nameOf(answer.errorCode)
  }
  const sync = async (protocol: string | null): Promise<string> => {
    const answer = await connection.ask(syncGroup, 5, {
      groupId,
      generationId: 1,
      memberId: 'stranger',
      groupInstanceId: null,
      protocolType: protocol,
      protocolName: protocol,
      assignments: [],
    })
    return nameOf(answer.errorCode)
  }
  const beat = await connection.ask(heartbeat, 4, {
    groupId,
    generationId: 1,
    memberId: 'stranger',
    groupInstanceId: null,
  })
  const left = await connection.ask(leaveGroup, 5, {
    groupId,
    memberId: '',
    members: [{ memberId: 'stranger', groupInstanceId: null, reason: null }],
  })
  const leftAlone = await connection.ask(leaveGroup, 2, { groupId, memberId: 'stranger' })
  const { groups: fetched } = await connection.ask(offsetFetch, 8, { groups: [{ groupId, topics: null }] })
  const { groups: described } = await connection.ask(describeGroups, 6, { groups: [groupId] })
  const { groups: modern } = await connection.ask(consumerGroupDescribe, 1, {
    groupIds: [groupId],
    includeAuthorizedOperations: false,
  })
  const { results } = await connection.ask(deleteGroups, 2, { groupsNames: [groupId] })
  const topics = [{ name: 't', partitions: [{ partitionIndex: 0 }] }]
  const forgotten = await connection.ask(offsetDelete, 0, { groupId, topics })
  return {
    'no group id: join with no protocols': await join({ protocols: [] }),
    'no group id: join with a session timeout that is too short': await join({ sessionTimeoutMs: 1 }),
    'no group id: sync': await sync('consumer'),
    'no group id: sync that names no protocol': await sync(null),
    'no group id: heartbeat': nameOf(beat.errorCode),
    'no group id: leave': `${nameOf(left.errorCode)} ${left.members.map((each) => nameOf(each.errorCode))}`,
    'no group id: leave alone': nameOf(leftAlone.errorCode),
    'no group id: fetch offsets': nameOf(fetched[0]?.errorCode),
    'no group id: describe': `${nameOf(described[0]?.errorCode)} ${described[0]?.groupState}`,
    'no group id: describe a consumer group': nameOf(modern[0]?.errorCode),
    'no group id: delete': nameOf(results[0]?.errorCode),
    'no group id: delete offsets': nameOf(forgotten.errorCode),
  }
}

function nameOf(code: number | undefined): string {
  return Object.entries(ErrorCode).find(([, value]) => value === code)?.[0] ?? String(code)
}
