import process from 'node:process'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type LogCommand, LogModel } from './log-model.ts'

/** `MODEL_RUNS` makes more. */
const RUNS = Number(process.env.MODEL_RUNS ?? 150)

const share = fc.integer({ min: 0, max: 1_000 })
const timeMs = fc.integer({ min: 0, max: 50 })

const command: fc.Arbitrary<LogCommand> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      records: fc.array(fc.record({ key: fc.integer({ min: 0, max: 5 }), timeMs }), {
        minLength: 1,
        maxLength: 5,
      }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('read' as const),
      from: share,
      maxBytes: fc.constantFrom(1, 100, 700, 10_000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('find-time' as const), at: share }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'find-latest' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('truncate-before' as const), at: share }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'retain' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'compact' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'close' as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('crash' as const), isPowerLost: fc.boolean() }) },
)

const config = fc.record({
  cleanupPolicy: fc.constantFrom(['delete'] as const, ['compact'] as const, ['compact', 'delete'] as const),
  retentionBytes: fc.constantFrom(-1, 1_500),
})

it('answers as a plain array does, whatever a program does with a log', { timeout: 1_800_000 }, async () => {
  let commandCount = 0
  await fc.assert(
    fc.asyncProperty(config, fc.array(command, { minLength: 5, maxLength: 60 }), async (limits, commands) => {
      const model = new LogModel(limits)
      for (const next of commands) await model.run(next)
      await model.finish()
      commandCount += commands.length
    }),
    { numRuns: RUNS },
  )
  expect(commandCount).toBeGreaterThan(1_000)
})

it('finds the latest time among what is left, when the latest of all was removed', async () => {
  const model = new LogModel({ cleanupPolicy: ['delete'], retentionBytes: -1 })
  const records = [
    { key: 0, timeMs: 2 },
    { key: 0, timeMs: 0 },
    { key: 0, timeMs: 1 },
  ]
  await model.run({ kind: 'append', records })
  await model.run({ kind: 'truncate-before', at: 334 })
  await model.run({ kind: 'find-latest' })
})
