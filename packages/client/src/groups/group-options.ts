import { LIMITS } from '../client-limits.ts'
import type { TopicPartition } from '../consumer/consumer-record.ts'
import { type Isolation, isolationOption } from '../consumer/offset-lookup.ts'
import {
  checkSignal,
  choiceOption,
  functionOption,
  integerOption,
  invalidOption,
  nameOption,
  refuseUnknownOptions,
  requiredName,
} from '../option-check.ts'
import type { Assignor } from './assignors/assignor.ts'
import { cooperativeStickyAssignor } from './assignors/cooperative-sticky-assignor.ts'
import { rangeAssignor } from './assignors/range-assignor.ts'
import type { Stall } from './progress.ts'

/** Where a group starts in a partition in which it has committed nothing. */
export type GroupStart = 'beginning' | 'end' | { readonly time: number | Date }

/** How the members of a group agree. */
export type GroupProtocol = 'auto' | 'classic' | 'consumer'

/** When what is done is committed. */
export type CommitMode = 'interval' | 'each' | 'manual'

/** How a member takes part in its group. Only `group` is needed. */
export interface GroupOptions {
  /** The group's name: members with the same one share the partitions. */
  readonly group: string
  /**
   * `consumer` is KIP-848: the broker divides the partitions. `classic`: the members do, by an assignor.
   * Default `auto`: the former where the broker has it.
   */
  readonly protocol?: GroupProtocol
  /** Default `beginning`. */
  readonly from?: GroupStart
  /**
   * What to do when the log does not have the offset to go on from, because it was deleted meanwhile: go on at
   * its `beginning`, at its `end`, or `fail` with OFFSET_OUT_OF_RANGE. Default: as `from` says.
   */
  readonly outOfRange?: 'beginning' | 'end' | 'fail'
  /** Ends the consuming: what is done is committed, the group is left. */
  readonly signal?: AbortSignal
  /** A name that stays over restarts: coming back within the session timeout moves no partition. */
  readonly instanceId?: string
  /**
   * Silence after which the broker gives this member's partitions away, in ms. Default 30,000. For the
   * classic protocol: under KIP-848 the broker's own setting holds.
   */
  readonly sessionTimeoutMs?: number
  /** Default 3,000; at most a third of the session timeout. */
  readonly heartbeatIntervalMs?: number
  /** Time to finish what is in hand when partitions are taken away, in ms. Default 60,000. */
  readonly rebalanceTimeoutMs?: number
  /**
   * When what is done is committed: every `commitIntervalMs` (the default), after each record, or only
   * by `commit()` of `client.consume`. Giving partitions up and closing commit too, unless it is `manual`.
   */
  readonly commit?: CommitMode
  /** Default 5,000. */
  readonly commitIntervalMs?: number
  /** Told of partitions that were added, before their first record. */
  readonly onAssigned?: (partitions: readonly TopicPartition[]) => void | Promise<void>
  /**
   * Told of partitions that are taken away, with time to finish: they are given up when it resolves, or
   * when half of the rebalance timeout is over. `isLost`: they are gone already.
   */
  readonly onRevoked?: (
    partitions: readonly TopicPartition[],
    how: { readonly isLost: boolean },
  ) => void | Promise<void>
  /** For the classic protocol, in order of preference; all members must have one in common. Default cooperative-sticky, then range. */
  readonly assignors?: readonly Assignor[]
  /** After so long without getting on, `onStalled` is told why, in ms. Default 60,000. */
  readonly stallAfterMs?: number
  /** Told once for each time that the consumer stands still: no assignment, no data, a busy handler, failing commits. */
  readonly onStalled?: (stall: Stall) => void
  readonly isolation?: Isolation
  /** Bytes fetched ahead, all partitions together. Default 16 MiB. */
  readonly readAheadBytes?: number
}

/** As `GroupOptions`, for `topic.consume`: it gives no `commit()`, so there is none by hand. */
export interface TopicGroupOptions extends GroupOptions {
  readonly commit?: Exclude<CommitMode, 'manual'>
}

/** The options with every default filled in. */
export interface GroupSettings {
  readonly group: string
  readonly protocol: GroupProtocol
  readonly from: 'beginning' | 'end' | { readonly timeMs: number }
  readonly outOfRange: GroupSettings['from'] | 'fail'
  readonly instanceId: string | null
  readonly sessionTimeoutMs: number
  readonly heartbeatIntervalMs: number
  readonly rebalanceTimeoutMs: number
  readonly commit: CommitMode
  readonly commitIntervalMs: number
  readonly onAssigned: NonNullable<GroupOptions['onAssigned']>
  readonly onRevoked: NonNullable<GroupOptions['onRevoked']>
  readonly assignors: readonly Assignor[]
  readonly stallAfterMs: number
  readonly onStalled: NonNullable<GroupOptions['onStalled']>
  readonly isolation: Isolation
  readonly readAheadBytes: number
}

/** The names of the options of a member. */
export const GROUP_OPTION_NAMES: readonly string[] = [
  'group',
  'protocol',
  'from',
  'outOfRange',
  'signal',
  'instanceId',
  'sessionTimeoutMs',
  'heartbeatIntervalMs',
  'rebalanceTimeoutMs',
  'commit',
  'commitIntervalMs',
  'onAssigned',
  'onRevoked',
  'assignors',
  'stallAfterMs',
  'onStalled',
  'isolation',
  'readAheadBytes',
]
const HOUR_MS = 3_600_000

/** Checks the options and fills in the defaults. Throws INVALID_OPTION, naming the option. */
export function resolveGroupOptions(options: GroupOptions): GroupSettings {
  refuseUnknownOptions('consume', options, GROUP_OPTION_NAMES)
  const group = requiredName('group', options.group)
  if (options.protocol === 'consumer' && options.assignors !== undefined)
    throw invalidOption('protocol', 'consumer', "'classic' with assignors: under KIP-848 the broker divides")
  checkSignal(options.signal)
  const milliseconds = (name: string, given: number | undefined, fallback: number): number =>
    integerOption(name, given, { min: 1, max: HOUR_MS, default: fallback })
  const sessionTimeoutMs = milliseconds('sessionTimeoutMs', options.sessionTimeoutMs, 30_000)
  const from = startOf(options.from ?? 'beginning')
  return {
    group,
    // Who names assignors wants the protocol that has them.
    protocol: choiceOption<GroupProtocol>(
      'protocol',
      options.protocol,
      ['auto', 'classic', 'consumer'],
      options.assignors === undefined ? 'auto' : 'classic',
    ),
    from,
    outOfRange:
      options.outOfRange === undefined
        ? from
        : choiceOption<'beginning' | 'end' | 'fail'>(
            'outOfRange',
            options.outOfRange,
            ['beginning', 'end', 'fail'],
            'beginning',
          ),
    instanceId: nameOption('instanceId', options.instanceId, null),
    sessionTimeoutMs,
    heartbeatIntervalMs: Math.min(
      milliseconds('heartbeatIntervalMs', options.heartbeatIntervalMs, 3_000),
      Math.ceil(sessionTimeoutMs / 3),
    ),
    rebalanceTimeoutMs: milliseconds('rebalanceTimeoutMs', options.rebalanceTimeoutMs, 60_000),
    commit: choiceOption<CommitMode>('commit', options.commit, ['interval', 'each', 'manual'], 'interval'),
    onAssigned: functionOption('onAssigned', options.onAssigned, () => {}),
    onRevoked: functionOption('onRevoked', options.onRevoked, () => {}),
    commitIntervalMs: milliseconds('commitIntervalMs', options.commitIntervalMs, 5_000),
    assignors: assignorsOf(options.assignors),
    stallAfterMs: milliseconds('stallAfterMs', options.stallAfterMs, 60_000),
    onStalled: functionOption('onStalled', options.onStalled, () => {}),
    isolation: isolationOption(options.isolation),
    readAheadBytes: integerOption('readAheadBytes', options.readAheadBytes, LIMITS.readAheadBytes),
  }
}

function startOf(from: GroupStart): GroupSettings['from'] {
  if (from === 'beginning' || from === 'end') return from
  const time = typeof from === 'object' && from !== null ? from.time : null
  const timeMs = time instanceof Date ? time.getTime() : time
  if (typeof timeMs === 'number' && Number.isSafeInteger(timeMs) && timeMs >= 0) return { timeMs }
  throw invalidOption('from', from, "'beginning', 'end' or { time } in ms")
}

function assignorsOf(
  given: readonly Assignor[] = [cooperativeStickyAssignor, rangeAssignor],
): readonly Assignor[] {
  const isList =
    Array.isArray(given) && given.length > 0 && given.every((one) => typeof one?.assign === 'function')
  if (isList) return given
  throw invalidOption('assignors', given, 'an array with at least one assignor')
}
