import {
  type DescribeClientQuotasRequest,
  type DescribeClientQuotasResponseInput,
  ErrorCode,
  KafkaError,
} from '@millrace/protocol'
import type { ClientQuotas } from '../cluster/catalog-state.ts'
import { QUOTA_ENTITY_TYPES, QUOTA_KEYS } from '../quotas/quota-entity.ts'
import type { Handler } from './handler.ts'
import { tellFailure } from './request-failure.ts'

type Reply = DescribeClientQuotasResponseInput
type Component = DescribeClientQuotasRequest['components'][number]

/** Kafka's `DescribeClientQuotasRequest` match types. */
const EXACT = 0
const DEFAULT = 1
const ANY = 2

/** DescribeClientQuotas, v0-1: the quotas whose entity has the asked parts; strictly: and no others. */
export const handleDescribeClientQuotas: Handler<DescribeClientQuotasRequest, Reply> = (
  { catalog },
  _context,
  { components, strict },
) => {
  try {
    checkComponents(components)
  } catch (error) {
    return { throttleTimeMs: 0, ...tellFailure(error), entries: null }
  }
  const found = Array.from(catalog.clientQuotas()).filter((quotas) => matches(quotas, components, strict))
  return {
    throttleTimeMs: 0,
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    entries: found.map(({ entity, values }) => ({
      entity: QUOTA_ENTITY_TYPES.flatMap((entityType) => {
        const entityName = entity[entityType]
        return entityName === undefined ? [] : [{ entityType, entityName }]
      }),
      values: QUOTA_KEYS.flatMap((key) => {
        const value = values[key]
        return value === undefined ? [] : [{ key, value }]
      }),
    })),
  }
}

function matches({ entity }: ClientQuotas, components: readonly Component[], isStrict: boolean): boolean {
  if (isStrict && Object.keys(entity).length !== components.length) return false
  const parts: Readonly<Record<string, string | null>> = entity
  return components.every(({ entityType, matchType, match }) => {
    if (!Object.hasOwn(parts, entityType)) return false
    if (matchType === ANY) return true
    return parts[entityType] === (matchType === DEFAULT ? null : match)
  })
}

/** In Kafka's order and words (`ClientQuotasImage.describe`). */
function checkComponents(components: readonly Component[]): void {
  const seen = new Set<string>()
  for (const { entityType, matchType, match } of components) {
    if (entityType === '') throw invalid('Invalid empty entity type.')
    if (seen.has(entityType))
      throw invalid(`Entity type ${entityType} cannot appear more than once in the filter.`)
    if (entityType !== 'ip' && !(QUOTA_ENTITY_TYPES as readonly string[]).includes(entityType)) {
      throw new KafkaError(ErrorCode.UNSUPPORTED_VERSION, `Unsupported entity type ${entityType}`)
    }
    seen.add(entityType)
    if (matchType !== EXACT && matchType !== DEFAULT && matchType !== ANY) {
      throw invalid(`Unknown match type ${matchType}`)
    }
    if (matchType === EXACT && match === null) {
      throw invalid('Request specified MATCH_TYPE_EXACT, but set match string to null.')
    }
    if (matchType !== EXACT && match !== null) {
      throw invalid('Request specified a match type that takes no string, and a match string.')
    }
  }
  if (seen.has('ip') && seen.size > 1) {
    throw invalid(
      'Invalid entity filter component combination. IP filter component should not be used with user or clientId filter component.',
    )
  }
}

function invalid(message: string): KafkaError {
  return new KafkaError(ErrorCode.INVALID_REQUEST, message)
}
