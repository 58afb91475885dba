import { BatchBuilder } from '@millrace/record-batch'
import { describe, expect, it } from 'vitest'
import { PartitionQueue } from './partition-queue.ts'
import { addToSequence, ProducerBatch } from './producer-batch.ts'

const DELIVERY = { startMs: null, delivered: () => {}, failed: () => {} }

function batchOf(recordCount: number): ProducerBatch {
  const batch = new ProducerBatch(0, Number.POSITIVE_INFINITY, new BatchBuilder())
  for (let i = 0; i < recordCount; i++) {
    batch.tryAppend({ key: null, value: 'v', timestampMs: 0 }, 1e6, DELIVERY, i)
  }
  return batch
}

function queueOf(...batches: ProducerBatch[]): PartitionQueue {
  const queue = new PartitionQueue('flights', 0)
  for (const batch of batches) queue.startBatch(batch)
  return queue
}

function send(queue: PartitionQueue, node = 1): ProducerBatch | null {
  const batch = queue.next(node, 0, true)
  if (batch !== null) queue.sent(batch, node)
  return batch
}

describe('the queue of a partition', () => {
  it('gives batches in order', () => {
    const [a, b] = [batchOf(1), batchOf(1)]
    const queue = queueOf(a, b)
    expect([send(queue), send(queue), send(queue)]).toEqual([a, b, null])
  })

  it('holds everything back after a failure until the others in flight are back', () => {
    const [a, b, c] = [batchOf(1), batchOf(1), batchOf(1)]
    const queue = queueOf(a, b, c)
    send(queue)
    send(queue)
    queue.returned(a)
    expect(send(queue)).toBeNull()
    queue.returned(b)
    expect([send(queue), send(queue), send(queue)]).toEqual([a, b, c])
  })

  it('sends nothing to a new leader while the old one may still write', () => {
    const [a, b] = [batchOf(1), batchOf(1)]
    const queue = queueOf(a, b)
    send(queue, 1)
    expect(send(queue, 2)).toBeNull()
    queue.returned(a)
    expect(send(queue, 2)).toBe(a)
  })

  it('takes no more records into a batch that was sent', () => {
    const queue = queueOf(batchOf(1))
    send(queue)
    expect(queue.open).toBeNull()
  })

  it('numbers everything from 0 again under another identity', () => {
    const [a, b] = [batchOf(3), batchOf(2)]
    const queue = queueOf(a, b)
    queue.adopt({ producerId: 1, producerEpoch: 0 })
    a.encode(queue.identity, queue.takeSequence(3), 0)
    b.encode(queue.identity, queue.takeSequence(2), 0)
    queue.remove(a)
    queue.adopt({ producerId: 2, producerEpoch: 0 })
    expect([b.identity.producerId, b.baseSequence, queue.takeSequence(1)]).toEqual([2, 0, 2])
  })
})

describe('sequences', () => {
  it('wrap to 0 behind 2^31 - 1', () => {
    expect(addToSequence(2 ** 31 - 2, 1)).toBe(2 ** 31 - 1)
    expect(addToSequence(2 ** 31 - 1, 1)).toBe(0)
  })
})
