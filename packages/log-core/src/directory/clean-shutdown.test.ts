import { crc32c } from '@millrace/record-batch'
import { describe, expect, it } from 'vitest'
import { type CleanLog, decodeCleanShutdown, encodeCleanShutdown, parseCleanLog } from './clean-shutdown.ts'

const LOGS = [logOf('a', 0), logOf('b "with",\n quotes', 7)]

describe('a clean shutdown', () => {
  it.each([0, 1, 2])('says of each of %i logs what it said', (count) => {
    const logs = LOGS.slice(0, count)
    const bytes = encodeCleanShutdown({ logs: logs.map((log) => JSON.stringify(log)) })
    expect(decodeCleanShutdown(bytes)?.logs.map(parseCleanLog)).toEqual(logs)
  })

  it('is one JSON text, which earlier versions read whole', () => {
    const bytes = encodeCleanShutdown({ logs: LOGS.map((log) => JSON.stringify(log)) })
    expect(JSON.parse(bytes.toString('utf8', bytes.indexOf('\n') + 1))).toEqual({ logs: LOGS })
  })

  it('is read without line breaks too, as earlier versions wrote it', () => {
    const json = Buffer.from(`${JSON.stringify({ logs: LOGS })}\n`)
    const title = `millrace-clean-shutdown 2 ${crc32c(json).toString(16).padStart(8, '0')}\n`
    const bytes = Buffer.concat([Buffer.from(title), json])
    expect(decodeCleanShutdown(bytes)?.logs.map(parseCleanLog)).toEqual(LOGS)
  })

  it('says nothing when it was cut anywhere', () => {
    const bytes = encodeCleanShutdown({ logs: LOGS.map((log) => JSON.stringify(log)) })
    for (let length = 0; length < bytes.length; length++)
      expect(decodeCleanShutdown(bytes.subarray(0, length))).toBeNull()
  })
})

function logOf(topic: string, partition: number): CleanLog {
  return {
    topic,
    partition,
    topicId: 'AAAAAAAAAAAAAAAAAAAAAQ',
    sealed: [[0, 170]],
    epochs: [[0, 0]],
    snapshotOffsets: [1],
    logStartOffset: 0,
    active: {
      baseOffset: 1,
      sizeBytes: 170,
      nextOffset: 2,
      createdAtMs: 1,
      firstTimestampMs: 1,
      maxTimestampMs: 1,
      offsetOfMaxTimestamp: 1,
      bytesSinceIndexEntry: 170,
      headerCrc: 1,
    },
    offsetIndexCrc: 0,
    timeIndexCrc: 0,
    hasProducers: false,
  }
}
