import tseslint from 'typescript-eslint'

/**
 * Only what needs types: biome formats and lints everything else, and is quicker at it.
 *
 * Left out: await-thenable reports `for await` over a union with a plain iterable and `Promise.all` over values that
 * are partly there, both of which we mean; only-throw-error reports a private field that an `await` may have set,
 * since narrowing does not know of that.
 */
export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '**/.reports/**', '**/.cache/**', '**/*.mjs', '**/*.js'] },
  {
    files: ['**/*.ts'],
    languageOptions: { parser: tseslint.parser, parserOptions: { projectService: true } },
    plugins: { '@typescript-eslint': tseslint.plugin },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
    },
  },
)
