import { expect, it, vi } from 'vitest'
import { memoryFileSystem } from './memory-file-system.ts'
import { describeFileSystemContract } from './testing/file-system-contract.ts'

describeFileSystemContract('memory', () => {
  const fs = memoryFileSystem()
  fs.makeDirectory('/data')
  return { fs, root: '/data', settle: (pending) => pending, dispose: () => undefined }
})

it('appends to a large file without touching what it holds already', () => {
  const fs = memoryFileSystem()
  const handle = fs.open('/a', 'create')
  const block = Buffer.alloc(64 * 1024, 'x')
  for (let count = 0; count < 400; count++) handle.appendSync([block])
  let allocatedBytes = 0
  const spies = (['alloc', 'allocUnsafe', 'allocUnsafeSlow', 'concat'] as const).map((name) => {
    const original: (...args: never[]) => Buffer = Buffer[name]
    return vi.spyOn(Buffer, name).mockImplementation((...args: unknown[]) => {
      const made = original.apply(Buffer, args as never[])
      allocatedBytes += made.length
      return made as never
    })
  })
  for (let count = 0; count < 100; count++) handle.appendSync([block])
  for (const spy of spies) spy.mockRestore()
  // Copying 25 MiB for each of the hundred appends would allocate gigabytes.
  expect(allocatedBytes).toBeLessThanOrEqual(100 * block.length + 1024 * 1024)
})
