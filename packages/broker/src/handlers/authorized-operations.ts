import { ErrorCode } from '@millrace/protocol'

/**
 * Bit fields of KIP-430 as a broker without an authorizer answers them: everything that Kafka knows
 * for the kind of resource is allowed. Bit n is the operation with Kafka's code n.
 */
const READ = 1 << 3
const WRITE = 1 << 4
const CREATE = 1 << 5
const DELETE = 1 << 6
const ALTER = 1 << 7
const DESCRIBE = 1 << 8
const CLUSTER_ACTION = 1 << 9
const DESCRIBE_CONFIGS = 1 << 10
const ALTER_CONFIGS = 1 << 11
const IDEMPOTENT_WRITE = 1 << 12

/** For whoever did not ask. */
export const OPERATIONS_NOT_ASKED = -(2 ** 31)

export const TOPIC_OPERATIONS =
  READ | WRITE | CREATE | DELETE | ALTER | DESCRIBE | DESCRIBE_CONFIGS | ALTER_CONFIGS

export const CLUSTER_OPERATIONS =
  CREATE | ALTER | DESCRIBE | CLUSTER_ACTION | DESCRIBE_CONFIGS | ALTER_CONFIGS | IDEMPOTENT_WRITE

const GROUP_OPERATIONS = READ | DELETE | DESCRIBE | DESCRIBE_CONFIGS | ALTER_CONFIGS

/** What may be done with groups that are described, for who asked. Of one that could not be described nothing is told. */
export function withGroupOperations<Group extends { readonly errorCode: number }>(
  groups: readonly Group[],
  isAsked: boolean,
): (Group & { authorizedOperations: number })[] {
  return groups.map((group) => ({
    ...group,
    authorizedOperations:
      isAsked && group.errorCode === ErrorCode.NONE ? GROUP_OPERATIONS : OPERATIONS_NOT_ASKED,
  }))
}
