import {
  ErrorCode,
  type ListPartitionReassignmentsRequest,
  type ListPartitionReassignmentsResponseInput,
} from '@millrace/protocol'
import type { Handler } from './handler.ts'

/** ListPartitionReassignments, v0: none is ever under way, because partitions move at once. */
export const handleListPartitionReassignments: Handler<
  ListPartitionReassignmentsRequest,
  ListPartitionReassignmentsResponseInput
> = () => ({ throttleTimeMs: 0, errorCode: ErrorCode.NONE, errorMessage: null, topics: [] })
