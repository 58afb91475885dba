import { strict as assert } from 'node:assert'

/** The files of one segment, named by its base offset in 20 digits. `seal` is ours, the others are Kafka's. */
export type SegmentFileKind = 'log' | 'index' | 'timeindex' | 'txnindex' | 'seal' | 'snapshot'

const KINDS: readonly string[] = [
  'log',
  'index',
  'timeindex',
  'txnindex',
  'seal',
  'snapshot',
] satisfies SegmentFileKind[]
/** Stages of a swap and of a deletion, appended to the whole name. */
export type SegmentFileStage = 'live' | 'cleaned' | 'swap' | 'deleted'

const STAGES: readonly string[] = ['cleaned', 'swap', 'deleted'] satisfies SegmentFileStage[]
const OFFSET_DIGITS = 20

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
  const digits = name.slice(0, OFFSET_DIGITS)
  if (!/^\d{20}$/.test(digits)) return null
  const [empty, kind, stage, ...rest] = name.slice(OFFSET_DIGITS).split('.')
  const baseOffset = Number(digits)
  if (empty !== '' || kind === undefined || rest.length > 0 || !Number.isSafeInteger(baseOffset)) return null
  if (!isKind(kind)) return null
  if (stage === undefined) return { baseOffset, kind, stage: 'live' }
  return isStage(stage) ? { baseOffset, kind, stage } : null
}

function isKind(text: string): text is SegmentFileKind {
  return KINDS.includes(text)
}

function isStage(text: string): text is Exclude<SegmentFileStage, 'live'> {
  return STAGES.includes(text)
}

const DIRECTORY = /^(.+)-(\d{1,10})$/
const DELETED_DIRECTORY = /^(.+)-(\d{1,10})\.[0-9a-f]{32}-delete$/

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

/** Kafka's name for a directory that waits for its removal; `unique` is 32 hexadecimal digits. */
export function deletedDirectoryName(topic: string, partition: number, unique: string): string {
  return `${topic}-${partition}.${unique}-delete`
}

export function isDeletedDirectoryName(name: string): boolean {
  return DELETED_DIRECTORY.test(name)
}
