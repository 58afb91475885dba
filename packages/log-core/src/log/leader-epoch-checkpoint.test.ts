import { describe, expect, it } from 'vitest'
import { decodeLeaderEpochs, LeaderEpochs } from './leader-epoch-checkpoint.ts'

const EPOCHS = new LeaderEpochs([
  { epoch: 0, startOffset: 0 },
  { epoch: 2, startOffset: 10 },
  { epoch: 5, startOffset: 30 },
])

describe('LeaderEpochs', () => {
  it.each([
    [-1, { leaderEpoch: -1, endOffset: -1 }],
    [0, { leaderEpoch: 0, endOffset: 10 }],
    [1, { leaderEpoch: 0, endOffset: 10 }],
    [2, { leaderEpoch: 2, endOffset: 30 }],
    [4, { leaderEpoch: 2, endOffset: 30 }],
    [5, { leaderEpoch: 5, endOffset: 42 }],
    [6, { leaderEpoch: -1, endOffset: -1 }],
  ])('answers where epoch %i ends as Kafka does', (epoch, expected) => {
    expect(EPOCHS.endOffsetOf(epoch, 42)).toEqual(expected)
  })

  it('knows the epoch of each offset', () => {
    expect([0, 9, 10, 29, 30, 99].map((offset) => EPOCHS.epochOf(offset))).toEqual([0, 0, 2, 2, 5, 5])
  })

  it('drops an epoch that nothing was written under', () => {
    const epochs = new LeaderEpochs([{ epoch: 0, startOffset: 0 }])
    epochs.assign({ epoch: 1, startOffset: 7 })
    epochs.assign({ epoch: 2, startOffset: 7 })
    expect(epochs.entries).toEqual([
      { epoch: 0, startOffset: 0 },
      { epoch: 2, startOffset: 7 },
    ])
  })

  it('keeps the epoch in force when the beginning of the log moves', () => {
    const epochs = new LeaderEpochs(EPOCHS.entries)
    epochs.truncateBefore(20)
    expect(epochs.entries).toEqual([
      { epoch: 2, startOffset: 20 },
      { epoch: 5, startOffset: 30 },
    ])
  })

  it('is written as Kafka writes it apart from white space, and read back', () => {
    expect(EPOCHS.encode().toString()).toMatch(/^0\n3\n0 0\n2 10\n5 30[ \t]{32}\n$/)
    expect(decodeLeaderEpochs(EPOCHS.encode())?.entries).toEqual(EPOCHS.entries)
    expect(decodeLeaderEpochs(Buffer.from('0\n3\n0 0\n2 10\n5 30\n'))?.entries).toEqual(EPOCHS.entries)
  })

  it('notices every flipped bit', () => {
    const bytes = EPOCHS.encode()
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes)
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      expect(decodeLeaderEpochs(flipped), `bit ${bit}`).toBeNull()
    }
  })

  it.each(['', '0\n', '1\n0\n', '0\n2\n0 0\n', '0\n1\n0 x\n', '0\n2\n1 0\n0 5\n', '0\n1\n0 0'])(
    'refuses %j',
    (text) => {
      expect(decodeLeaderEpochs(Buffer.from(text))).toBeNull()
    },
  )
})
