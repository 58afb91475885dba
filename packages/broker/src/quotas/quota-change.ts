import { isIP } from 'node:net'
import { type AlterClientQuotasRequest, ErrorCode, KafkaError } from '@millrace/protocol'
import {
  QUOTA_ENTITY_TYPES,
  QUOTA_KEYS,
  type QuotaEntity,
  type QuotaKey,
  type QuotaValues,
} from './quota-entity.ts'

type AskedEntry = AlterClientQuotasRequest['entries'][number]
type AskedOperation = AskedEntry['ops'][number]

/** Kafka's other quotas, and why they are not served: what is stored here has an effect. */
const UNSUPPORTED_KEYS: ReadonlyMap<string, string> = new Map([
  ['controller_mutation_rate', 'changes to topics are not limited by rate'],
  ['connection_creation_rate', 'connections are limited by number (max.connections.per.ip), not by rate'],
])
const LONG_LIMIT = 2 ** 63
const WHOLE_KEYS: ReadonlySet<string> = new Set(['producer_byte_rate', 'consumer_byte_rate'])

/** Whom an entry of AlterClientQuotas is for. Throws the KafkaError that Kafka's `ClientQuotaControlManager` refuses it with. */
export function readQuotaEntity(entity: AskedEntry['entity']): QuotaEntity {
  if (entity.length === 0) throw invalid('Invalid empty client quota entity')
  const parts = new Map<string, string | null>()
  for (const { entityType, entityName } of entity) {
    if (parts.has(entityType)) throw invalid(`Entity type ${entityType} cannot appear more than once.`)
    parts.set(entityType, entityName)
  }
  if (parts.has('ip')) throw refuseAddress(parts)
  for (const [type, name] of parts) {
    if (!(QUOTA_ENTITY_TYPES as readonly string[]).includes(type)) {
      throw invalid(`Unhandled client quota entity type: ${type}`)
    }
    if (name === '') throw invalid(`Empty ${type} not supported`)
  }
  const read: { [Type in (typeof QUOTA_ENTITY_TYPES)[number]]?: string | null } = {}
  for (const type of QUOTA_ENTITY_TYPES) {
    const name = parts.get(type)
    if (name !== undefined) read[type] = name
  }
  return read
}

/** What an entity's quotas are after the operations. Throws the KafkaError that they are refused with. */
export function changeQuotas(current: QuotaValues, operations: readonly AskedOperation[]): QuotaValues {
  const changed: { [Key in QuotaKey]?: number } = { ...current }
  for (const { key, value, remove } of operations) {
    const reason = UNSUPPORTED_KEYS.get(key)
    if (reason !== undefined) throw invalid(`Quota ${key} is not available: ${reason}`)
    if (!isQuotaKey(key)) throw invalid(`Invalid configuration key ${key}`)
    if (remove) {
      delete changed[key]
      continue
    }
    if (!(value > 0) || value === Number.POSITIVE_INFINITY)
      throw invalid(`Quota ${key} must be greater than 0`)
    if (WHOLE_KEYS.has(key) && value > LONG_LIMIT) {
      throw invalid(`Proposed value for ${key} is too large for a LONG.`)
    }
    if (WHOLE_KEYS.has(key) && !Number.isInteger(value)) throw invalid(`${key} cannot be a fractional value.`)
    changed[key] = value
  }
  return changed
}

function refuseAddress(parts: ReadonlyMap<string, string | null>): KafkaError {
  if (parts.size > 1) {
    return invalid('Invalid entity combination: an IP address cannot be combined with a user or client id')
  }
  const address = parts.get('ip')
  if (address !== null && address !== undefined && isIP(address) === 0) {
    return invalid(`${address} is not a valid IP or resolvable host.`)
  }
  return invalid('Quotas by address are not available: max.connections.per.ip.overrides limits connections')
}

function isQuotaKey(key: string): key is QuotaKey {
  return (QUOTA_KEYS as readonly string[]).includes(key)
}

function invalid(message: string): KafkaError {
  return new KafkaError(ErrorCode.INVALID_REQUEST, message)
}
