import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/** The two halves of V8's young generation together; it would grow to twice as much. */
const MAX_YOUNG_BYTES = 32 * 1024 * 1024

/**
 * Settings of V8 for a process that is a broker and nothing else (decisions 0047 and 0053). Only on the version on which
 * they were measured: V8 prints an error for a flag that it does not know.
 */
export function setUpHeap(): void {
  if (!process.versions.node.startsWith('24.')) return
  collectByTheWholeHeap()
  boundYoungGeneration()
}

/**
 * V8 counts buffers apart from its heap and runs a full collection for every 32 MB of them or so: 40% of the CPU of
 * producing, for a heap of 13 MB. Counted in the one limit of the whole heap they cause a fifth of these collections.
 */
function collectByTheWholeHeap(): void {
  setFlagsFromString('--external-memory-accounted-in-global-limit')
}

/**
 * One rush, such as the members of a thousand groups that join, makes the young generation grow to its largest, and it
 * stays so while there is anything to do. Its size can only be set when a process starts, by who starts it; but whether
 * it grows any more is asked at each collection.
 */
function boundYoungGeneration(): void {
  const observer = new PerformanceObserver(() => {
    const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')
    if (young === undefined || young.space_size < MAX_YOUNG_BYTES) return
    setFlagsFromString('--semi-space-growth-factor=1')
    observer.disconnect()
  })
  observer.observe({ entryTypes: ['gc'] })
}
