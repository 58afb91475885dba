/** The suites that `npm test` and `npm run check` are put together from. */
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { addCounts, NO_TESTS, readReport, type TestCounts } from './test-report.ts'

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

/** Runs one of npm's programs, in the foreground, on the Node that runs us. Answers whether it exited with 0. */
export function runProgram(file: string, args: readonly string[]): boolean {
  const result = spawnSync(process.execPath, [join(ROOT, file), ...args], { cwd: ROOT, stdio: 'inherit' })
  if (result.error !== undefined) throw result.error
  return result.status === 0
}

/** Runs turbo tasks; types and unit tests of one package that did not change come from its cache. */
export function runTurbo(tasks: readonly string[]): boolean {
  return runProgram('scripts/turbo.mjs', ['run', ...tasks, '--continue', '--output-logs=new-only'])
}

/** Runs the unit tests of every package (and `alsoTasks` of turbo with them) and counts them. */
export function runUnitTests(alsoTasks: readonly string[] = []): { counts: TestCounts; isGood: boolean } {
  const packages = globSync('packages/*/vitest.config.ts', { cwd: ROOT }).map((path) =>
    join(ROOT, dirname(path)),
  )
  // Old reports would be counted again when a run dies before it writes its own.
  for (const directory of packages) rmSync(join(directory, '.reports'), { recursive: true, force: true })
  const isGood = runTurbo(['test', ...alsoTasks])
  const counts = packages
    .map((directory) => readReport(join(directory, '.reports', 'unit.json')))
    .reduce(addCounts, NO_TESTS)
  return { counts, isGood }
}

/** Runs the tests of real processes (`vitest.config.ts` says where) whose paths contain one of the filters; none: all. */
export function runSystemTests(filters: readonly string[] = []): { counts: TestCounts; isGood: boolean } {
  const report = join(ROOT, '.reports', 'system.json')
  rmSync(report, { force: true })
  const isGood = runProgram('node_modules/vitest/vitest.mjs', ['run', ...filters])
  return { counts: readReport(report), isGood: isGood && existsSync(report) }
}
