import { pbkdf2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import {
  alterClientQuotas,
  alterUserScramCredentials,
  describeClientQuotas,
  describeUserScramCredentials,
  ErrorCode,
  KafkaError,
} from '@millrace/protocol'
import type { Cluster } from '../cluster.ts'
import { resourceError } from '../resource-error.ts'

const MECHANISMS = { 'scram-sha-256': 1, 'scram-sha-512': 2 } as const
const HASHES = { 'scram-sha-256': 'sha256', 'scram-sha-512': 'sha512' } as const
const HASH_BYTES = { 'scram-sha-256': 32, 'scram-sha-512': 64 } as const
const SALT_BYTES = 24
const DEFAULT_ITERATIONS = 8_192

/** How a SCRAM user's password is kept. */
export type ScramMechanism = keyof typeof MECHANISMS

/** A user that can log in by SCRAM. The broker keeps no password, so none can be told. */
export interface ScramUser {
  readonly user: string
  readonly credentials: readonly { readonly mechanism: ScramMechanism; readonly iterations: number }[]
}

/** Whose quota: a part with null is the default of its kind. At least one part. */
export interface QuotaEntity {
  readonly user?: string | null
  readonly clientId?: string | null
  readonly ip?: string | null
}

/** Quotas of one entity by Kafka's names: `producer_byte_rate`, `consumer_byte_rate`, `request_percentage`, ... */
export interface ClientQuota {
  readonly entity: QuotaEntity
  readonly values: Readonly<Record<string, number>>
}

const ENTITY_TYPES = { user: 'user', clientId: 'client-id', ip: 'ip' } as const
const MATCH_ANY = 2

/** Makes a user, or gives it another password. The password does not leave this process, only what SCRAM keeps of it. */
export async function putScramUser(
  cluster: Cluster,
  options: {
    readonly user: string
    readonly password: string
    readonly mechanism: ScramMechanism
    readonly iterations?: number
  },
): Promise<void> {
  const { user, password, mechanism, iterations = DEFAULT_ITERATIONS } = options
  const salt = randomBytes(SALT_BYTES)
  const normalized = password.normalize('NFKC')
  const saltedPassword = await promisify(pbkdf2)(
    normalized,
    salt,
    iterations,
    HASH_BYTES[mechanism],
    HASHES[mechanism],
  )
  const upsertions = [{ name: user, mechanism: MECHANISMS[mechanism], iterations, salt, saltedPassword }]
  await alterUsers(cluster, { deletions: [], upsertions })
}

/** Takes a user's password of this mechanism away. */
export async function removeScramUser(
  cluster: Cluster,
  user: string,
  mechanism: ScramMechanism,
): Promise<void> {
  await alterUsers(cluster, { deletions: [{ name: user, mechanism: MECHANISMS[mechanism] }], upsertions: [] })
}

/** All users that can log in by SCRAM. */
export function listScramUsers(cluster: Cluster): Promise<ScramUser[]> {
  return cluster.call('any', describeUserScramCredentials, { users: null }, (answer) => {
    if (answer.errorCode !== ErrorCode.NONE)
      throw new KafkaError(answer.errorCode, answer.errorMessage ?? undefined)
    return answer.results.map(({ user, credentialInfos }) => ({
      user,
      credentials: credentialInfos.map(({ mechanism, iterations }) => ({
        mechanism: mechanism === MECHANISMS['scram-sha-512'] ? 'scram-sha-512' : 'scram-sha-256',
        iterations,
      })),
    }))
  })
}

/** Sets quotas of an entity; null takes one away. */
export async function changeQuotas(
  cluster: Cluster,
  entity: QuotaEntity,
  values: Readonly<Record<string, number | null>>,
): Promise<void> {
  const ops = Object.entries(values).map(([key, value]) => ({
    key,
    value: value ?? 0,
    remove: value === null,
  }))
  const input = { entries: [{ entity: wireEntity(entity), ops }], validateOnly: false }
  await cluster.call('controller', alterClientQuotas, input, ({ entries }) => {
    for (const { errorCode, errorMessage } of entries) {
      if (errorCode !== ErrorCode.NONE) throw new KafkaError(errorCode, errorMessage ?? undefined)
    }
  })
}

/** All quotas whose entity has these kinds of parts. */
export function listQuotas(cluster: Cluster, kinds: readonly (keyof QuotaEntity)[]): Promise<ClientQuota[]> {
  const components = kinds.map((kind) => ({
    entityType: ENTITY_TYPES[kind],
    matchType: MATCH_ANY,
    match: null,
  }))
  return cluster.call('any', describeClientQuotas, { components, strict: false }, (answer) => {
    if (answer.errorCode !== ErrorCode.NONE)
      throw new KafkaError(answer.errorCode, answer.errorMessage ?? undefined)
    return (answer.entries ?? []).map(({ entity, values }) => ({
      entity: readEntity(entity),
      values: Object.fromEntries(values.map(({ key, value }) => [key, value])),
    }))
  })
}

async function alterUsers(
  cluster: Cluster,
  input: {
    readonly deletions: readonly { name: string; mechanism: number }[]
    readonly upsertions: readonly {
      name: string
      mechanism: number
      iterations: number
      salt: Buffer
      saltedPassword: Buffer
    }[]
  },
): Promise<void> {
  await cluster.call('controller', alterUserScramCredentials, input, ({ results }) => {
    for (const { user, errorCode, errorMessage } of results) {
      if (errorCode !== ErrorCode.NONE) throw resourceError(`user "${user}"`, errorCode, errorMessage)
    }
  })
}

function wireEntity(entity: QuotaEntity): { entityType: string; entityName: string | null }[] {
  const kinds: readonly (keyof QuotaEntity)[] = ['user', 'clientId', 'ip']
  return kinds
    .filter((kind) => entity[kind] !== undefined)
    .map((kind) => ({ entityType: ENTITY_TYPES[kind], entityName: entity[kind] ?? null }))
}

function readEntity(parts: readonly { entityType: string; entityName: string | null }[]): QuotaEntity {
  const nameOf = (type: string): object => {
    const kind = Object.entries(ENTITY_TYPES).find(([, wire]) => wire === type)?.[0] ?? type
    return { [kind]: parts.find(({ entityType }) => entityType === type)?.entityName ?? null }
  }
  return Object.assign({}, ...parts.map(({ entityType }) => nameOf(entityType)))
}
