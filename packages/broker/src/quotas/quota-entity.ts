/** The parts that an entity can have, in the order in which Kafka tells them (a Java HashMap's, trap 26). */
export const QUOTA_ENTITY_TYPES = ['client-id', 'user'] as const
export type QuotaEntityType = (typeof QUOTA_ENTITY_TYPES)[number]

/** Whom a quota is for: a client id, a user, or both; null is the default of that part. At least one part is there. */
export type QuotaEntity = { readonly [Type in QuotaEntityType]?: string | null }

/** Quotas that work here. */
export const QUOTA_KEYS = ['producer_byte_rate', 'consumer_byte_rate', 'request_percentage'] as const
export type QuotaKey = (typeof QUOTA_KEYS)[number]

export type QuotaValues = { readonly [Key in QuotaKey]?: number }

/** The same text for the same entity, and no two entities share one. */
export function entityKey(entity: QuotaEntity): string {
  return JSON.stringify(QUOTA_ENTITY_TYPES.map((type) => (Object.hasOwn(entity, type) ? [entity[type]] : [])))
}
