import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** What is reachable in this process, after a full collection: objects and buffers. */
export function liveBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect !== 'function') throw new Error('V8 has no gc()')
  collect()
  const { arrayBuffers, heapUsed } = process.memoryUsage()
  return arrayBuffers + heapUsed
}
