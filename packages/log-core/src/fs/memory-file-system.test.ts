import { expect, it } from 'vitest'
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
  const appendMany = (): number => {
    const startMs = performance.now()
    for (let count = 0; count < 400; count++) handle.appendSync([block])
    return performance.now() - startMs
  }
  appendMany()
  const earlyMs = Math.min(appendMany(), appendMany())
  for (let count = 0; count < 8; count++) appendMany()
  const lateMs = Math.min(appendMany(), appendMany())
  // Quadratic growth would make the late ones about six times slower.
  expect(lateMs).toBeLessThan(earlyMs * 4 + 20)
})
