import { createAcls, deleteAcls, describeAcls, ErrorCode, KafkaError } from '@millrace/protocol'
import type { Cluster } from '../cluster.ts'
import { invalidOption } from '../option-check.ts'
import { resourceError } from '../resource-error.ts'

const RESOURCE_TYPES = {
  any: 1,
  topic: 2,
  group: 3,
  cluster: 4,
  transactionalId: 5,
  delegationToken: 6,
  user: 7,
} as const
const PATTERN_TYPES = { any: 1, match: 2, literal: 3, prefixed: 4 } as const
const OPERATIONS = {
  any: 1,
  all: 2,
  read: 3,
  write: 4,
  create: 5,
  delete: 6,
  alter: 7,
  describe: 8,
  clusterAction: 9,
  describeConfigs: 10,
  alterConfigs: 11,
  idempotentWrite: 12,
  createTokens: 13,
  describeTokens: 14,
  twoPhaseCommit: 15,
} as const
const PERMISSIONS = { any: 1, deny: 2, allow: 3 } as const

/** One rule: who may, or may not, do what with which resource. */
export interface Acl {
  readonly resourceType: Exclude<keyof typeof RESOURCE_TYPES, 'any'>
  readonly resourceName: string
  /** `literal` (the default): this name, or all for `*`. `prefixed`: all names that begin so. */
  readonly pattern?: 'literal' | 'prefixed'
  /** Such as `User:alice`. */
  readonly principal: string
  /** Default `*`: from everywhere. */
  readonly host?: string
  readonly operation: Exclude<keyof typeof OPERATIONS, 'any'>
  /** Default `allow`. */
  readonly permission?: 'allow' | 'deny'
}

/** Which rules are meant; what is left out stands for any. `match`: every rule that concerns this name. */
export interface AclFilter {
  readonly resourceType?: keyof typeof RESOURCE_TYPES
  readonly resourceName?: string
  readonly pattern?: keyof typeof PATTERN_TYPES
  readonly principal?: string
  readonly host?: string
  readonly operation?: keyof typeof OPERATIONS
  readonly permission?: keyof typeof PERMISSIONS
}

/** Adds rules. Throws the KafkaError of the first that was refused. */
export async function addAcls(cluster: Cluster, acls: readonly Acl[]): Promise<void> {
  const creations = acls.map(({ resourceType, resourceName, principal, operation, ...rest }) => ({
    resourceType: codeOf('resourceType', RESOURCE_TYPES, resourceType),
    resourceName,
    resourcePatternType: codeOf('pattern', PATTERN_TYPES, rest.pattern ?? 'literal'),
    principal,
    host: rest.host ?? '*',
    operation: codeOf('operation', OPERATIONS, operation),
    permissionType: codeOf('permission', PERMISSIONS, rest.permission ?? 'allow'),
  }))
  await cluster.call('controller', createAcls, { creations }, ({ results }) => {
    for (const [i, { errorCode, errorMessage }] of results.entries()) {
      if (errorCode !== ErrorCode.NONE) throw resourceError(`ACL ${i}`, errorCode, errorMessage)
    }
  })
}

/** The rules that a filter means. */
export function findAcls(cluster: Cluster, filter: AclFilter): Promise<Acl[]> {
  return cluster.call('any', describeAcls, wireFilter(filter), ({ errorCode, errorMessage, resources }) => {
    if (errorCode !== ErrorCode.NONE) throw new KafkaError(errorCode, errorMessage ?? undefined)
    return resources.flatMap(({ acls, ...resource }) => acls.map((acl) => readAcl({ ...resource, ...acl })))
  })
}

/** Removes the rules that a filter means, and tells them. */
export function removeAcls(cluster: Cluster, filter: AclFilter): Promise<Acl[]> {
  return cluster.call('controller', deleteAcls, { filters: [wireFilter(filter)] }, ({ filterResults }) =>
    filterResults.flatMap(({ errorCode, errorMessage, matchingAcls }) => {
      if (errorCode !== ErrorCode.NONE) throw new KafkaError(errorCode, errorMessage ?? undefined)
      return matchingAcls.map(readAcl)
    }),
  )
}

function wireFilter(filter: AclFilter) {
  return {
    resourceTypeFilter: codeOf('resourceType', RESOURCE_TYPES, filter.resourceType ?? 'any'),
    resourceNameFilter: filter.resourceName ?? null,
    patternTypeFilter: codeOf('pattern', PATTERN_TYPES, filter.pattern ?? 'any'),
    principalFilter: filter.principal ?? null,
    hostFilter: filter.host ?? null,
    operation: codeOf('operation', OPERATIONS, filter.operation ?? 'any'),
    permissionType: codeOf('permission', PERMISSIONS, filter.permission ?? 'any'),
  }
}

function readAcl(acl: {
  resourceType: number
  resourceName: string
  patternType: number
  principal: string
  host: string
  operation: number
  permissionType: number
}): Acl {
  // A broker that is newer than this client may know words that it does not: those stay numbers.
  return {
    resourceType: nameOf(RESOURCE_TYPES, acl.resourceType) as Acl['resourceType'],
    resourceName: acl.resourceName,
    pattern: nameOf(PATTERN_TYPES, acl.patternType) as 'literal' | 'prefixed',
    principal: acl.principal,
    host: acl.host,
    operation: nameOf(OPERATIONS, acl.operation) as Acl['operation'],
    permission: nameOf(PERMISSIONS, acl.permissionType) as 'allow' | 'deny',
  }
}

function codeOf<T extends string>(what: string, codes: Readonly<Record<T, number>>, name: T): number {
  if (Object.hasOwn(codes, name)) return codes[name]
  throw invalidOption(what, name, `one of ${Object.keys(codes).join(', ')}`)
}

function nameOf(codes: Readonly<Record<string, number>>, code: number): string {
  return Object.keys(codes).find((name) => codes[name] === code) ?? String(code)
}
