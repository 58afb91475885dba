import { defineConfig, type ViteUserConfig } from 'vitest/config'

/** Every package tests its own sources: `@millrace/source` resolves imports into `src/`, no build first. */
export function packageTestConfig(test: ViteUserConfig['test'] = {}): ViteUserConfig {
  return defineConfig({
    resolve: { conditions: ['@millrace/source', 'node', 'import', 'module', 'default'] },
    ssr: {
      resolve: {
        conditions: ['@millrace/source', 'node', 'import', 'module', 'default'],
        externalConditions: ['@millrace/source', 'node', 'import', 'module', 'default'],
      },
    },
    test: {
      include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
      passWithNoTests: true,
      pool: 'threads',
      maxWorkers: 2,
      ...test,
    },
  })
}
