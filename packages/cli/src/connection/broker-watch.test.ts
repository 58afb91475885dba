import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { BrokerWatch } from './broker-watch.ts'

let written = ''
beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000, toFake: ['setInterval', 'clearInterval', 'performance'] })
  vi.advanceTimersByTime(1_000)
  written = ''
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written += String(text)
    return true
  })
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const TAKEN_BACK = '\r\x1b[K'

function watched(isShown: boolean): { counters: Record<string, number>; watch: BrokerWatch } {
  const counters = { connectionsOpened: 1, connectionsFailed: 0 }
  const client = { counters: () => ({ ...counters }) } as unknown as ConstructorParameters<
    typeof BrokerWatch
  >[0]
  return { counters, watch: new BrokerWatch(client, isShown) }
}

it('says that no broker answers, until one does', () => {
  const { counters, watch } = watched(true)
  vi.advanceTimersByTime(600)
  expect(written).toBe('')
  counters.connectionsFailed = 1
  vi.advanceTimersByTime(500)
  expect(written).toBe(`${TAKEN_BACK}no broker answers: trying again until one does`)
  vi.advanceTimersByTime(5_000)
  counters.connectionsOpened = 2
  vi.advanceTimersByTime(500)
  expect(written.endsWith(`one does${TAKEN_BACK}`)).toBe(true)
  watch[Symbol.dispose]()
  counters.connectionsFailed = 9
  vi.advanceTimersByTime(5_000)
  expect(written.match(/trying/g)).toHaveLength(1)
})

it('makes room for records, and says nothing where nobody looks', () => {
  const { counters, watch } = watched(true)
  counters.connectionsFailed = 1
  vi.advanceTimersByTime(500)
  watch.hide()
  expect(written.endsWith(TAKEN_BACK)).toBe(true)
  watch[Symbol.dispose]()
  written = ''
  const unseen = watched(false)
  unseen.counters.connectionsFailed = 1
  vi.advanceTimersByTime(5_000)
  unseen.watch[Symbol.dispose]()
  expect(written).toBe('')
})
