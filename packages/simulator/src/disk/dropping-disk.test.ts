import { LogDirectory, nodeClock, type PartitionLog } from '@millrace/log-core'
import { buildBatch, readBatchHeader } from '@millrace/record-batch'
import { describe, expect, it } from 'vitest'
import { droppingDisk } from './dropping-disk.ts'

const TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAQ'

function append(log: PartitionLog, value: string, durability: 'written' | 'synced'): Promise<void> {
  const batch = buildBatch([{ key: null, value: Buffer.from(value), timestampMs: 1 }])
  const outcome = log.append(batch, readBatchHeader(batch), { durability })
  if (outcome.kind !== 'appended') throw new Error(`not appended: ${outcome.kind}`)
  return outcome.committed
}

describe('a disk that drops what was not synced', () => {
  it('keeps what a log acknowledged as synced and nothing behind it, in real time', async () => {
    const clock = nodeClock()
    const disk = droppingDisk(clock)
    const open = async (): Promise<PartitionLog> => {
      const directory = await LogDirectory.open(disk.boot(), '/data', { clock })
      return directory.openLog({ topic: 'a', partition: 0, topicId: TOPIC_ID })
    }
    const log = await open()
    for (let count = 0; count < 10; count++) await append(log, `synced ${count}`, 'synced')
    await append(log, 'written', 'written')
    expect(log.highWatermark).toBe(11)
    disk.cutPower()
    const found = await open()
    expect(found.logEndOffset).toBe(10)
    expect(found.leaderEpoch).toBeGreaterThan(log.leaderEpoch)
    const lost = append(log, 'by the dead process', 'written')
    await expect(lost).rejects.toMatchObject({ code: 'EIO' })
    expect(found.logEndOffset).toBe(10)
  })
})
