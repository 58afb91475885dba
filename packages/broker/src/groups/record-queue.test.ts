import { expect, it } from 'vitest'
import { RecordQueue } from './record-queue.ts'

const step = (...sizes: number[]) => sizes.map((size) => ({ key: Buffer.alloc(size), value: null }))

it('puts as many whole steps into a batch as fit, in order', () => {
  const queue = new RecordQueue()
  queue.add(step(100, 100), 1)
  queue.add(step(50), 2)
  queue.add(step(200), 3)
  expect(queue.takeBatch(400).map(({ timestampMs }) => timestampMs)).toEqual([1, 1, 2])
  expect(queue.takeBatch(400).map(({ timestampMs }) => timestampMs)).toEqual([3])
  expect(queue.isEmpty).toBe(true)
})

it('takes a step that is larger than a batch as a batch of its own', () => {
  const queue = new RecordQueue()
  queue.add(step(500), 1)
  queue.add(step(1), 2)
  expect(queue.takeBatch(100)).toHaveLength(1)
  expect(queue.takeBatch(100)).toHaveLength(1)
})
