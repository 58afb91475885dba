import { packageTestConfig } from './vitest.shared.ts'

/** The tests of the whole system: real processes, foreign clients, the repository itself. Packages test themselves. */
export default packageTestConfig(
  {
    include: [
      'test/**/*.test.ts',
      'packages/broker/compat/**/*.test.ts',
      'packages/cli/test/**/*.test.ts',
      'packages/log-core/test/kills.test.ts',
    ],
    // Each system test owns processes and ports; threads would share one process's signal handlers and rlimits.
    pool: 'forks',
    isolate: true,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
  '.reports/system.json',
)
