import { describe, expect, it } from 'vitest'
import {
  deletedDirectoryName,
  isDeletedDirectoryName,
  parsePartitionDirectoryName,
  parseSegmentFileName,
  segmentFileName,
} from './segment-file-names.ts'

describe('segment file names', () => {
  it("are Kafka's, and read back", () => {
    expect(segmentFileName(42, 'log')).toBe('00000000000000000042.log')
    expect(parseSegmentFileName('00000000000000000042.timeindex')).toEqual({
      baseOffset: 42,
      kind: 'timeindex',
      stage: 'live',
    })
    expect(parseSegmentFileName('00000000000000000042.log.swap')?.stage).toBe('swap')
  })

  it.each([
    '42.log',
    '00000000000000000042.log.0.torn',
    '00000000000000000042.log.tmp',
    '00000000000000000042.txt',
    '00000000000000000042.',
    '99999999999999999999.log',
    'leader-epoch-checkpoint',
  ])('leave %s to whoever made it', (name) => {
    expect(parseSegmentFileName(name)).toBeNull()
  })
})

describe('partition directory names', () => {
  it('hold topics with dashes and digits', () => {
    expect(parsePartitionDirectoryName('a-1-20')).toEqual({ topic: 'a-1', partition: 20 })
  })

  it.each(['a', 'a-', '-1', 'a-01', 'a-99999999999', 'a-1.tmp'])('do not include %s', (name) => {
    expect(parsePartitionDirectoryName(name)).toBeNull()
  })

  it('tell deleted ones apart', () => {
    const name = deletedDirectoryName('a-1', 3, '0'.repeat(32))
    expect(isDeletedDirectoryName(name)).toBe(true)
    expect(parsePartitionDirectoryName(name)).toBeNull()
  })

  it('are cut off where a file system has no room for more', () => {
    const longest = 'a'.repeat(249)
    const name = deletedDirectoryName(longest, 12_345, '0'.repeat(32))
    expect(name).toHaveLength(255)
    expect(isDeletedDirectoryName(name)).toBe(true)
    expect(parsePartitionDirectoryName(name)).toBeNull()
  })
})
