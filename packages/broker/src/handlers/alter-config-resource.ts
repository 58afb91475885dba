import { ErrorCode, KafkaError } from '@millrace/protocol'
import type { BrokerServices } from '../broker-services.ts'
import type { ConfigChange } from '../cluster/config-plane.ts'
import { ConfigResourceType } from './config-resource.ts'
import { tellFailure } from './request-failure.ts'

/** Which resource, and what it is to become. */
export interface AskedChange {
  readonly resourceType: number
  readonly resourceName: string
  readonly change: ConfigChange
}

/** What became of one resource. */
export interface ChangeReply {
  readonly errorCode: number
  readonly errorMessage: string | null
  readonly resourceType: number
  readonly resourceName: string
}

/** Changes each resource for itself, as Kafka does: one that is refused does not hold back the others. */
export function alterResources(
  services: BrokerServices,
  asked: readonly AskedChange[],
  isValidateOnly: boolean,
): Promise<ChangeReply[]> {
  const counts = new Map<string, number>()
  const keyOf = ({ resourceType, resourceName }: AskedChange): string => `${resourceType} ${resourceName}`
  for (const one of asked) counts.set(keyOf(one), (counts.get(keyOf(one)) ?? 0) + 1)
  return Promise.all(
    asked.map(async (one) => {
      const { resourceType, resourceName } = one
      try {
        if ((counts.get(keyOf(one)) ?? 0) > 1) {
          throw new KafkaError(ErrorCode.INVALID_REQUEST, 'Each resource must appear at most once.')
        }
        await alterOne(services, one, isValidateOnly)
        return { errorCode: ErrorCode.NONE, errorMessage: null, resourceType, resourceName }
      } catch (error) {
        return { ...tellFailure(error), resourceType, resourceName }
      }
    }),
  )
}

function alterOne(
  { configPlane }: BrokerServices,
  asked: AskedChange,
  isValidateOnly: boolean,
): Promise<void> {
  const { resourceType, resourceName, change } = asked
  switch (resourceType) {
    case ConfigResourceType.TOPIC:
      return configPlane.changeTopic(resourceName, change, { isValidateOnly })
    case ConfigResourceType.BROKER:
      return configPlane.changeBroker(resourceName, change, { isValidateOnly })
    case ConfigResourceType.GROUP:
      return configPlane.changeGroup(resourceName, change, { isValidateOnly })
    case ConfigResourceType.BROKER_LOGGER:
      throw new KafkaError(ErrorCode.INVALID_CONFIG, 'There are no loggers whose level could be set.')
    case ConfigResourceType.CLIENT_METRICS:
      throw new KafkaError(ErrorCode.INVALID_CONFIG, 'Metrics of clients are not collected here.')
    default:
      throw new KafkaError(ErrorCode.INVALID_REQUEST, `Unknown resource type ${resourceType}`)
  }
}
