/** `npm run check`: what every commit passes, in under two minutes: format, lint, types, unit tests, tidy test. */

import { runProgram, runSystemTests, runUnitTests } from './suites.ts'
import { addCounts, closingLine, NO_TESTS, type TestCounts } from './test-report.ts'

interface Step {
  readonly name: string
  run(): { counts?: TestCounts; isGood: boolean }
}

const steps: readonly Step[] = [
  {
    name: 'format and lint (biome)',
    run: () => ({ isGood: runProgram('node_modules/@biomejs/biome/bin/biome', ['ci', '.']) }),
  },
  {
    name: 'types and unit tests (tsc, vitest)',
    run: () => runUnitTests(['types', 'types:root']),
  },
  {
    name: 'promises (eslint)',
    run: () => ({ isGood: runProgram('node_modules/eslint/bin/eslint.js', ['.']) }),
  },
  { name: 'tidy (vitest)', run: () => runSystemTests(['test/tidy']) },
]

let counts = NO_TESTS
const summary: string[] = []
for (const step of steps) {
  const startedMs = performance.now()
  const result = step.run()
  counts = addCounts(counts, result.counts ?? NO_TESTS)
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
  summary.push(`${result.isGood ? 'ok    ' : 'FAILED'}  ${step.name}  ${seconds} s`)
  if (!result.isGood) process.exitCode = 1
}
process.stdout.write(`\n${summary.join('\n')}\n${closingLine(counts)}\n`)
