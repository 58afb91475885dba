import { defineConfig, type ViteUserConfig } from 'vitest/config'

const conditions = ['@millrace/source', 'node', 'import', 'module', 'default']

/**
 * Every package tests its own sources: `@millrace/source` resolves imports into `src/`, no build first.
 * The JSON report is what `npm test` and `npm run check` count from.
 */
export function packageTestConfig(
  test: ViteUserConfig['test'] = {},
  reportFile = '.reports/unit.json',
): ViteUserConfig {
  return defineConfig({
    resolve: { conditions },
    ssr: { resolve: { conditions, externalConditions: conditions } },
    test: {
      include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
      passWithNoTests: true,
      pool: 'threads',
      maxWorkers: 2,
      // The files of one package share a worker and its modules: nothing of ours is global, and loading the same
      // sources for each file took a sixth of the time.
      isolate: false,
      // Only there to end what hangs: many tests start processes, on machines that are busy.
      testTimeout: 60_000,
      hookTimeout: 60_000,
      // A second, the default, is shorter than a machine may stand still.
      expect: { poll: { timeout: 30_000 } },
      reporters: ['default', ['json', { outputFile: reportFile }]],
      ...test,
    },
  })
}
