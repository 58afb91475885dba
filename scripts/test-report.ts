import { existsSync, readFileSync } from 'node:fs'

/** What one or several test runs did. */
export interface TestCounts {
  readonly passed: number
  readonly failed: number
  /** Full titles of the tests that did not run. */
  readonly skipped: readonly string[]
}

interface VitestReport {
  readonly testResults: readonly {
    readonly name: string
    readonly status: 'passed' | 'failed'
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[]
  }[]
}

export const NO_TESTS: TestCounts = { passed: 0, failed: 0, skipped: [] }

/**
 * Counts one of vitest's JSON reports. A report that is not there stands for a run that died, so it counts as one
 * failure, and so does a test file that failed before its first test (a syntax error, a failing hook).
 */
export function readReport(path: string): TestCounts {
  if (!existsSync(path)) return { passed: 0, failed: 1, skipped: [] }
  const report = JSON.parse(readFileSync(path, 'utf8')) as VitestReport
  return report.testResults.map(countFile).reduce(addCounts, NO_TESTS)
}

function countFile(file: VitestReport['testResults'][number]): TestCounts {
  const withStatus = (status: string): readonly { fullName: string }[] =>
    file.assertionResults.filter((result) => result.status === status)
  const failed = withStatus('failed').length
  return {
    passed: withStatus('passed').length,
    failed: file.status === 'failed' && failed === 0 ? 1 : failed,
    skipped: ['skipped', 'pending', 'todo', 'disabled'].flatMap(withStatus).map((result) => result.fullName),
  }
}

export function addCounts(a: TestCounts, b: TestCounts): TestCounts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: [...a.skipped, ...b.skipped] }
}

/** The plain closing line that people and CI read. */
export function closingLine(counts: TestCounts): string {
  const skipped = counts.skipped.length === 0 ? '' : `, ${counts.skipped.length} skipped`
  return `${counts.passed} passed, ${counts.failed} failed${skipped}`
}
