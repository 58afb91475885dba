import { StorageError } from '@millrace/log-core'
import {
  type DeleteTopicsRequest,
  type DeleteTopicsResponseInput,
  ErrorCode,
  ZERO_UUID,
} from '@millrace/protocol'
import type { BrokerServices } from '../broker-services.ts'
import type { Topic } from '../cluster/topic.ts'
import type { Handler } from './handler.ts'

type TopicReply = DeleteTopicsResponseInput['responses'][number]

/** A topic as the request names it: one of the two is set. */
interface AskedTopic {
  readonly name: string | null
  readonly topicId: string
}

const FIRST_VERSION_WITH_TOPIC_IDS = 6

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
  const responses = await Promise.all(asked.map((topic) => deleteOne(services, topic)))
  const deleted = responses.flatMap(({ errorCode, name }) =>
    errorCode === ErrorCode.NONE && name ? [name] : [],
  )
  if (deleted.length > 0) services.groups.topicsDeleted(deleted)
  return { throttleTimeMs: 0, responses }
}

async function deleteOne(services: BrokerServices, asked: AskedTopic): Promise<TopicReply> {
  const found = find(services, asked)
  if (typeof found === 'number') return { ...asked, errorCode: found }
  const { name, topicId } = found
  try {
    const wasThere = await services.controlPlane.deleteTopic(found)
    return { name, topicId, errorCode: wasThere ? ErrorCode.NONE : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION }
  } catch (error) {
    if (!(error instanceof StorageError)) throw error
    return { name, topicId, errorCode: ErrorCode.KAFKA_STORAGE_ERROR, errorMessage: error.message }
  }
}

function find({ catalog, config }: BrokerServices, { name, topicId }: AskedTopic): Topic | number {
  if (!config['delete.topic.enable']) return ErrorCode.TOPIC_DELETION_DISABLED
  if (name !== null && topicId !== ZERO_UUID) return ErrorCode.INVALID_REQUEST
  if (name === null) return catalog.topicById(topicId) ?? ErrorCode.UNKNOWN_TOPIC_ID
  return catalog.topic(name) ?? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
}
