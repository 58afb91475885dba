import {
  type DeleteTopicsRequest,
  type DeleteTopicsResponseInput,
  ErrorCode,
  errorInfo,
  ZERO_UUID,
} from '@millrace/protocol'
import type { BrokerServices } from '../broker-services.ts'
import type { Topic } from '../cluster/topic.ts'
import { OFFSETS_TOPIC } from '../cluster/topic-name.ts'
import type { Handler } from './handler.ts'
import { repeatedNames, type ToldFailure, tellFailure } from './request-failure.ts'

type TopicReply = DeleteTopicsResponseInput['responses'][number]

/** A topic as the request names it: one of the two is set. */
interface AskedTopic {
  readonly name: string | null
  readonly topicId: string
}

const FIRST_VERSION_WITH_TOPIC_IDS = 6
/** Kafka's words: operators search for them. */
const NO_SUCH_TOPIC = 'This server does not host this topic-partition.'
/** Ours: Kafka deletes it, and with it every group and commit (docs/decisions/0052). */
const HOLDS_GROUPS =
  `${OFFSETS_TOPIC} cannot be deleted: it holds all groups and their commits. ` +
  'Delete the groups that are to go (DeleteGroups).'
const NAMED_BOTH_WAYS = 'The provided topic name maps to an ID that was already supplied.'
const NO_SUCH_ID = 'This server does not host this topic ID.'

/** DeleteTopics, v1-6. A topic is gone when the answer leaves; its files and its commits go with it. */
export const handleDeleteTopics: Handler<DeleteTopicsRequest, DeleteTopicsResponseInput> = async (
  services,
  context,
  request,
) => {
  const asked: readonly AskedTopic[] =
    context.apiVersion >= FIRST_VERSION_WITH_TOPIC_IDS
      ? request.topics
      : request.topicNames.map((name) => ({ name, topicId: ZERO_UUID }))
  // Named twice, by name or by id: refused once, and not deleted.
  const repeated = repeatedNames(asked.map(keyOf))
  const once = asked.filter((topic) => !repeated.has(keyOf(topic)))
  const namedBothWays = topicsNamedBothWays(services, once)
  const unique = once.filter((topic) => !namedBothWays.has(idOf(services, topic)))
  const responses = await Promise.all(unique.map((topic) => deleteOne(services, topic)))
  for (const key of repeated) {
    const topic = asked.find((one) => keyOf(one) === key)
    if (topic !== undefined)
      responses.push({ ...topic, ...refusal(ErrorCode.INVALID_REQUEST, duplicate(topic)) })
  }
  for (const [topicId, name] of namedBothWays) {
    responses.push({ name, topicId, ...refusal(ErrorCode.INVALID_REQUEST, NAMED_BOTH_WAYS) })
  }
  const deleted = responses.flatMap(({ errorCode, name }) =>
    errorCode === ErrorCode.NONE && name ? [name] : [],
  )
  if (deleted.length > 0) services.groups.topicsDeleted(deleted)
  return { throttleTimeMs: 0, responses }
}

/** The id of the topic that is meant, if there is one. */
function idOf({ catalog }: BrokerServices, { name, topicId }: AskedTopic): string {
  if (name === null) return topicId
  return topicId === ZERO_UUID ? (catalog.topic(name)?.topicId ?? ZERO_UUID) : ZERO_UUID
}

/** Id to name of the topics that stand in the request once by name and once by id. */
function topicsNamedBothWays(
  services: BrokerServices,
  asked: readonly AskedTopic[],
): ReadonlyMap<string, string> {
  const ids = new Set(asked.flatMap(({ name, topicId }) => (name === null ? [topicId] : [])))
  ids.delete(ZERO_UUID)
  return new Map(
    asked.flatMap((topic) => {
      const topicId = idOf(services, topic)
      return topic.name !== null && ids.has(topicId) ? [[topicId, topic.name] as const] : []
    }),
  )
}

function keyOf({ name, topicId }: AskedTopic): string {
  return name === null ? `id ${topicId}` : `name ${name} ${topicId === ZERO_UUID ? '' : topicId}`
}

function duplicate({ name }: AskedTopic): string {
  return name === null ? 'Duplicate topic id.' : 'Duplicate topic name.'
}

async function deleteOne(services: BrokerServices, asked: AskedTopic): Promise<TopicReply> {
  const found = find(services, asked)
  if ('errorCode' in found) return { ...asked, ...found }
  const { name, topicId } = found
  if (name === OFFSETS_TOPIC) return { name, topicId, ...refusal(ErrorCode.INVALID_REQUEST, HOLDS_GROUPS) }
  try {
    if (await services.controlPlane.deleteTopic(found)) return { name, topicId, errorCode: ErrorCode.NONE }
    return { name, topicId, ...refusal(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, NO_SUCH_TOPIC) }
  } catch (error) {
    return { name, topicId, ...tellFailure(error) }
  }
}

function find({ catalog, config }: BrokerServices, { name, topicId }: AskedTopic): Topic | ToldFailure {
  if (!config['delete.topic.enable']) return refusal(ErrorCode.TOPIC_DELETION_DISABLED)
  if (name !== null && topicId !== ZERO_UUID) {
    return refusal(ErrorCode.INVALID_REQUEST, 'You may not specify both topic name and topic id.')
  }
  if (name !== null)
    return catalog.topic(name) ?? refusal(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, NO_SUCH_TOPIC)
  if (topicId === ZERO_UUID) {
    return refusal(ErrorCode.INVALID_REQUEST, 'Neither topic name nor id were specified.')
  }
  return catalog.topicById(topicId) ?? refusal(ErrorCode.UNKNOWN_TOPIC_ID, NO_SUCH_ID)
}

function refusal(errorCode: number, errorMessage = errorInfo(errorCode).message): ToldFailure {
  return { errorCode, errorMessage }
}
