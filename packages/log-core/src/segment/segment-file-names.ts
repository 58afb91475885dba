import { strict as assert } from 'node:assert'

/** The files of one segment, named by its base offset in 20 digits. `seal` is ours, the others are Kafka's. */
export type SegmentFileKind = 'log' | 'index' | 'timeindex' | 'txnindex' | 'seal' | 'snapshot'

const KINDS = ['log', 'index', 'timeindex', 'txnindex', 'seal', 'snapshot'] satisfies SegmentFileKind[]
/** Stages of a swap and of a deletion, appended to the whole name. */
export type SegmentFileStage = 'live' | 'cleaned' | 'swap' | 'deleted'

const STAGES = ['live', 'cleaned', 'swap', 'deleted'] satisfies SegmentFileStage[]
const OFFSET_DIGITS = 20

/** By what follows the digits. */
const ENDINGS: ReadonlyMap<string, { kind: SegmentFileKind; stage: SegmentFileStage }> = new Map(
  KINDS.flatMap((kind) =>
    STAGES.map((stage) => [stage === 'live' ? `.${kind}` : `.${kind}.${stage}`, { kind, stage }]),
  ),
)

/** `00000000000000000042.log`. A snapshot is named by the offset up to which it knows the producers. */
export function segmentFileName(baseOffset: number, kind: SegmentFileKind): string {
  assert(Number.isSafeInteger(baseOffset) && baseOffset >= 0, `a base offset, not ${baseOffset}`)
  return `${String(baseOffset).padStart(OFFSET_DIGITS, '0')}.${kind}`
}

export interface ParsedSegmentFileName {
  readonly baseOffset: number
  readonly kind: SegmentFileKind
  readonly stage: SegmentFileStage
}

/** Null for every name that neither Kafka nor this log gives to a segment's file: such files are left alone. */
export function parseSegmentFileName(name: string): ParsedSegmentFileName | null {
  const ending = ENDINGS.get(name.slice(OFFSET_DIGITS))
  if (ending === undefined || !BEGINS_WITH_OFFSET.test(name)) return null
  const baseOffset = Number(name.slice(0, OFFSET_DIGITS))
  return Number.isSafeInteger(baseOffset) ? { baseOffset, kind: ending.kind, stage: ending.stage } : null
}

const BEGINS_WITH_OFFSET = /^\d{20}/

const DIRECTORY = /^(.+)-(\d{1,10})$/
const DELETED_DIRECTORY = /^(.+)-(\d{1,10})\.[0-9a-f]{32}-delete$/

/** What the usual file systems allow. Names of topics are ASCII. */
const MAX_NAME_BYTES = 255

/** `flights-0`: Kafka's name for the directory of one partition. */
export function partitionDirectoryName(topic: string, partition: number): string {
  return `${topic}-${partition}`
}

/** Null when the name is not that of a partition's directory. */
export function parsePartitionDirectoryName(name: string): { topic: string; partition: number } | null {
  if (DELETED_DIRECTORY.test(name)) return null
  const match = DIRECTORY.exec(name)
  const [, topic, digits] = match ?? []
  if (topic === undefined || digits === undefined) return null
  const partition = Number(digits)
  return String(partition) === digits && partition <= 0x7fff_ffff ? { topic, partition } : null
}

/**
 * Kafka's name for a directory that waits for its removal; `unique` is 32 hexadecimal digits. A topic's name may be so
 * long that nothing more fits behind it: as in Kafka it is cut off then.
 */
export function deletedDirectoryName(topic: string, partition: number, unique: string): string {
  const ending = `-${partition}.${unique}-delete`
  return `${topic.slice(0, MAX_NAME_BYTES - ending.length)}${ending}`
}

export function isDeletedDirectoryName(name: string): boolean {
  return DELETED_DIRECTORY.test(name)
}
