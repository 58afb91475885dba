import { expect, it } from 'vitest'
import type { FileHandle } from '../fs/file-system.ts'
import { ReadAhead } from './read-ahead.ts'

/** A file of which reads end when they are told to. */
class SlowFile {
  readonly reads: { position: number; target: Buffer; length: number; end(error?: Error): void }[] = []

  get handle(): FileHandle {
    const readInto = (position: number, target: Buffer, length: number): Promise<number> => {
      const { promise, resolve, reject } = Promise.withResolvers<number>()
      const end = (error?: Error): void => (error === undefined ? resolve(length) : reject(error))
      this.reads.push({ position, target, length, end })
      return promise
    }
    return { readInto } as unknown as FileHandle
  }
}

it('reads what is asked for, at most a mebibyte of it, into one memory', () => {
  const [file, readAhead] = [new SlowFile(), new ReadAhead()]
  readAhead.start(file.handle, 100, 4096)
  readAhead.start(file.handle, 5000, 1 << 30)
  expect(file.reads).toMatchObject([
    { position: 100, length: 4096 },
    { position: 5000, length: 1 << 20 },
  ])
  expect(file.reads[0]?.target).toBe(file.reads[1]?.target)
})

it('leaves threads to those who wait, and goes on after a failure', async () => {
  const [file, readAhead] = [new SlowFile(), new ReadAhead()]
  for (const position of [0, 10, 20]) readAhead.start(file.handle, position, 10)
  expect(file.reads.map(({ position }) => position)).toEqual([0, 10])
  file.reads[0]?.end(new Error('EIO'))
  file.reads[1]?.end()
  await Promise.resolve()
  await Promise.resolve()
  for (const position of [30, 40, 50]) readAhead.start(file.handle, position, 10)
  expect(file.reads.map(({ position }) => position)).toEqual([0, 10, 30, 40])
})

it('reads nothing behind the end', () => {
  const [file, readAhead] = [new SlowFile(), new ReadAhead()]
  readAhead.start(file.handle, 10, 0)
  expect(file.reads).toEqual([])
})
