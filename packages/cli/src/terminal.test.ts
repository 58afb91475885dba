import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { abortOnEndSignal, exitCodeAfter } from './terminal.ts'

let handlers: Map<string | symbol, () => void>
beforeEach(() => {
  handlers = new Map()
  vi.spyOn(process, 'on').mockImplementation((name, handler) => {
    handlers.set(name, handler)
    return process
  })
})
afterEach(() => vi.restoreAllMocks())

it('the first signal asks the command to end, and a second one ends it', () => {
  const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never)
  const signal = abortOnEndSignal()
  handlers.get('SIGTERM')?.()
  expect([signal.aborted, exit.mock.calls]).toEqual([true, []])
  expect(exitCodeAfter(signal)).toBe(143)
  handlers.get('SIGINT')?.()
  expect(exit.mock.calls).toEqual([[130]])
})

it.each([
  ['SIGINT', 130],
  ['SIGHUP', 129],
  ['SIGTERM', 143],
])('%s is told as %i, as shells do', (name, code) => {
  const signal = abortOnEndSignal()
  handlers.get(name)?.()
  expect(exitCodeAfter(signal)).toBe(code)
})
