import { expect, it } from 'vitest'
import { comparable, withoutNumbers } from './kafka-tool.ts'

const SURROUNDINGS = { bootstrap: 'localhost:9092', dataDir: '/data' }

// VerifiableProducer prints a throughput of as many digits as a double has: some have thirteen behind the point, like a time.
it.each(['94.33962264150944', '99.1234567890123', '100.0'])(
  'takes the rate %s for a number like any other',
  (rate) => {
    const run = { code: 0, stdout: `{"timestamp":1795519241698,"avg_throughput":${rate}}`, stderr: '' }
    expect(withoutNumbers(comparable(run, SURROUNDINGS))).toBe(
      'exit N\n{"timestamp":TIME,"avg_throughput":N}',
    )
  },
)

it('compares a feature unless it is one of those that are withheld', () => {
  const told = (name: string): string =>
    comparable(
      { code: 0, stdout: `Feature: ${name}.version\tSupportedMinVersion: 0\tEpoch: 7`, stderr: '' },
      SURROUNDINGS,
    )
  expect(told('group')).toContain('Feature: group.version')
  expect(told('metadata')).toBe('exit 0')
})
