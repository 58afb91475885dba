import {
  type CreatePartitionsRequest,
  type CreatePartitionsResponseInput,
  ErrorCode,
} from '@millrace/protocol'
import type { BrokerServices } from '../broker-services.ts'
import type { Handler } from './handler.ts'
import { repeatedNames, tellFailure } from './request-failure.ts'

type AskedTopic = CreatePartitionsRequest['topics'][number]
type TopicReply = CreatePartitionsResponseInput['results'][number]

/** CreatePartitions, v0-3. Running producers see the new partitions with their next Metadata (trap 27). */
export const handleCreatePartitions: Handler<CreatePartitionsRequest, CreatePartitionsResponseInput> = async (
  services,
  _context,
  { topics, validateOnly },
) => {
  const repeated = repeatedNames(topics.map(({ name }) => name))
  const unique = topics.filter(({ name }) => !repeated.has(name))
  const refused = Array.from(repeated, (name) => {
    return { name, errorCode: ErrorCode.INVALID_REQUEST, errorMessage: 'Duplicate topic name.' }
  })
  const others = await Promise.all(unique.map((asked) => addTo(services, asked, validateOnly)))
  return { throttleTimeMs: 0, results: [...refused, ...others] }
}

async function addTo(
  { controlPlane }: BrokerServices,
  { name, count, assignments }: AskedTopic,
  isValidateOnly: boolean,
): Promise<TopicReply> {
  try {
    await controlPlane.addPartitions(name, count, {
      assignments: assignments?.map(({ brokerIds }) => brokerIds) ?? null,
      isValidateOnly,
    })
    return { name, errorCode: ErrorCode.NONE, errorMessage: null }
  } catch (error) {
    return { name, ...tellFailure(error) }
  }
}
