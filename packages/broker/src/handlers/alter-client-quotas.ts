import {
  type AlterClientQuotasRequest,
  type AlterClientQuotasResponseInput,
  ErrorCode,
  KafkaError,
} from '@millrace/protocol'
import type { BrokerServices } from '../broker-services.ts'
import { changeQuotas, readQuotaEntity } from '../quotas/quota-change.ts'
import { entityKey, QUOTA_ENTITY_TYPES } from '../quotas/quota-entity.ts'
import type { Handler } from './handler.ts'
import { repeatedNames, tellFailure } from './request-failure.ts'

type AskedEntry = AlterClientQuotasRequest['entries'][number]
type EntryReply = AlterClientQuotasResponseInput['entries'][number]

/** AlterClientQuotas, v0-1: quotas by user and client id; the parts of an entity in Kafka's order (trap 26). */
export const handleAlterClientQuotas: Handler<
  AlterClientQuotasRequest,
  AlterClientQuotasResponseInput
> = async (services, _context, { entries, validateOnly }) => {
  const keys = entries.map(keyOf)
  const repeated = repeatedNames(keys)
  const replies = await Promise.all(
    entries.map(async (entry, position): Promise<EntryReply | null> => {
      const key = keys[position] ?? ''
      // Kafka's sentence is the same where one key of an entity stands there twice.
      const isContradicted = repeatedNames(entry.ops.map((operation) => operation.key)).size > 0
      if (!repeated.has(key) && !isContradicted) return alter(services, entry, validateOnly)
      if (keys.indexOf(key) !== position) return null
      const problem = new KafkaError(
        ErrorCode.INVALID_REQUEST,
        `Ignoring duplicate entity ${describe(entry)}`,
      )
      return replyTo(entry, problem)
    }),
  )
  return { throttleTimeMs: 0, entries: replies.filter((reply) => reply !== null) }
}

async function alter(
  { catalog, quotas }: BrokerServices,
  entry: AskedEntry,
  isValidateOnly: boolean,
): Promise<EntryReply> {
  try {
    const entity = readQuotaEntity(entry.entity)
    await quotas.change(() => {
      const values = changeQuotas(catalog.quotasOf(entity), entry.ops)
      return isValidateOnly ? [] : [{ entity, values }]
    })
    return replyTo(entry, null)
  } catch (error) {
    return replyTo(entry, error)
  }
}

function replyTo({ entity }: AskedEntry, error: unknown): EntryReply {
  const told = error === null ? { errorCode: ErrorCode.NONE, errorMessage: null } : tellFailure(error)
  return {
    ...told,
    entity: [...entity].sort((left, right) => rank(left.entityType) - rank(right.entityType)),
  }
}

/** Others than ours come last. */
function rank(entityType: string): number {
  const index = (QUOTA_ENTITY_TYPES as readonly string[]).indexOf(entityType)
  return index === -1 ? QUOTA_ENTITY_TYPES.length : index
}

function keyOf({ entity }: AskedEntry): string {
  return (
    entityKey(Object.fromEntries(entity.map(({ entityType, entityName }) => [entityType, entityName]))) +
    JSON.stringify(entity.filter(({ entityType }) => rank(entityType) === QUOTA_ENTITY_TYPES.length))
  )
}

function describe({ entity }: AskedEntry): string {
  const parts = entity.map(({ entityType, entityName }) => `${entityType}=${entityName}`)
  return `ClientQuotaEntity(entries={${parts.join(', ')}})`
}
