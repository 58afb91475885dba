import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readBatchHeader } from '../src/batch-header.ts'
import { type RejectionReason, setCreateTime, setLogAppendTime, validateProducedBatch } from '../src/index.ts'

/** What Kafka 4.3's LogValidator said to batches that golden/generators/validator-cases.ts made. */
interface Case {
  readonly name: string
  readonly batch: string
  readonly rules: {
    readonly compacted: boolean
    readonly logAppendTime: boolean
    readonly beforeMaxMs: number
    readonly afterMaxMs: number
    readonly nowMs: number
  }
}
interface Verdict {
  readonly name: string
  readonly error: string
  readonly recordErrors?: readonly number[]
  readonly storedMaxTimestampMs?: number
}

function readGolden<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`golden/${name}.json`, import.meta.url), 'utf8'))
}
const cases = readGolden<Case[]>('validator-cases')
const verdicts = new Map(
  readGolden<Verdict[]>('validator-verdicts').map((verdict) => [verdict.name, verdict]),
)

const KAFKA_ERRORS: Readonly<Record<RejectionReason, string>> = {
  corrupt: 'CORRUPT_MESSAGE',
  'too-large': 'MESSAGE_TOO_LARGE',
  'invalid-record': 'INVALID_RECORD',
  'invalid-timestamp': 'INVALID_TIMESTAMP',
  'unsupported-compression': 'UNSUPPORTED_COMPRESSION_TYPE',
  'unsupported-magic': 'INVALID_RECORD',
}

/** Where we mean to differ: Kafka stores a batch that later readers trip over, or has no error for it. */
const DIFFERENCES: Readonly<Record<string, string>> = {
  'hand: key length -2': 'INVALID_RECORD',
  'hand: offset delta 3': 'INVALID_RECORD',
  'hand: offset delta twice': 'INVALID_RECORD',
  'gzip: offset delta twice': 'INVALID_RECORD',
  'gzip: not compressed at all': 'INVALID_RECORD',
  'snappy: not compressed at all': 'INVALID_RECORD',
  'lz4: not compressed at all': 'INVALID_RECORD',
  'zstd: not compressed at all': 'INVALID_RECORD',
  'codec 5': 'UNSUPPORTED_COMPRESSION_TYPE',
  'codec 6': 'UNSUPPORTED_COMPRESSION_TYPE',
  'codec 7': 'UNSUPPORTED_COMPRESSION_TYPE',
}

function judge({ batch, rules }: Case) {
  const bytes = Buffer.from(batch, 'base64')
  const timestampType = rules.logAppendTime ? 1 : 0
  const result = validateProducedBatch(bytes, 0, {
    maxMessageBytes: 1_048_588,
    requireKey: rules.compacted,
    timestampType,
    timestampBeforeMaxMs: rules.beforeMaxMs,
    timestampAfterMaxMs: rules.afterMaxMs,
    nowMs: rules.nowMs,
    maxDecompressedBytes: 1_000_000,
  })
  if (result.kind === 'ok' && result.needsTimestampRewrite) {
    const rewrite = timestampType === 1 ? setLogAppendTime : setCreateTime
    rewrite(bytes, 0, result.maxTimestampMs)
  }
  return { result, bytes }
}

describe('validation beside Kafka 4.3', () => {
  it('has a verdict for every case', () => {
    expect([...verdicts.keys()]).toEqual(cases.map(({ name }) => name))
  })

  it.each(cases)('$name', (testCase) => {
    const verdict = verdicts.get(testCase.name)
    const { result, bytes } = judge(testCase)
    const error = result.kind === 'ok' ? 'NONE' : KAFKA_ERRORS[result.reason]
    expect(error).toBe(DIFFERENCES[testCase.name] ?? verdict?.error)
    if (result.kind === 'ok') {
      const header = readBatchHeader(bytes)
      expect(header.maxTimestampMs).toBe(verdict?.storedMaxTimestampMs)
      expect(header.timestampType).toBe(testCase.rules.logAppendTime ? 1 : 0)
    } else {
      expect(result.recordErrors.map(({ batchIndex }) => batchIndex)).toEqual(verdict?.recordErrors ?? [])
    }
  })
})
