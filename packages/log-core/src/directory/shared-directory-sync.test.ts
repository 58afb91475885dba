import { expect, it } from 'vitest'
import { memoryFileSystem } from '../fs/memory-file-system.ts'
import { SharedDirectorySync } from './shared-directory-sync.ts'

/** A directory whose syncs end when they are told to. */
function heldDirectory() {
  const fs = memoryFileSystem()
  const ends: PromiseWithResolvers<void>[] = []
  fs.syncDirectory = () => {
    const end = Promise.withResolvers<void>()
    ends.push(end)
    return end.promise
  }
  return { shared: new SharedDirectorySync(fs, '/data'), ends }
}

it('lets all who came during one sync share the next one, and none of them the one before', async () => {
  const { ends, shared } = heldDirectory()
  const first = shared.sync()
  const later = [shared.sync(), shared.sync(), shared.sync()]
  let isLaterDone = false
  void Promise.all(later).then(() => {
    isLaterDone = true
  })
  ends[0]?.resolve()
  await first
  expect({ isLaterDone, syncs: ends.length }).toEqual({ isLaterDone: false, syncs: 2 })
  ends[1]?.resolve()
  await Promise.all(later)
  const last = shared.sync()
  ends[2]?.resolve()
  await last
  expect(ends).toHaveLength(3)
})

it('tells those who waited for a sync that failed, and tries anew for those behind it', async () => {
  const { ends, shared } = heldDirectory()
  const first = shared.sync()
  const second = shared.sync()
  ends[0]?.reject(new Error('no'))
  await expect(first).rejects.toThrow('no')
  ends[1]?.resolve()
  await second
})

it('syncs again for those who settle behind a failure, and only for them', async () => {
  const { ends, shared } = heldDirectory()
  await shared.settle()
  expect(ends).toHaveLength(0)
  const failing = shared.sync()
  const settling = shared.settle()
  ends[0]?.reject(new Error('no'))
  await expect(failing).rejects.toThrow('no')
  ends[1]?.reject(new Error('still no'))
  await expect(settling).rejects.toThrow('still no')
  const settled = shared.settle()
  ends[2]?.resolve()
  await settled
  await shared.settle()
  expect(ends).toHaveLength(3)
})
