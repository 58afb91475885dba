/** What the tidy test reads: the tracked files, and who imports whom. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Files that are tracked, or will be when they are added; relative to the root, with forward slashes. */
export function repositoryFiles(): string[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  return listed.split('\0').filter((path) => path !== '' && existsSync(join(ROOT, path)))
}

export function readText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

/** The module specifiers of a TypeScript file: imports, re-exports, and paths in `new URL('./x.ts', ...)`. */
export function importedSpecifiers(text: string): string[] {
  const imported = ts.preProcessFile(text, true, true).importedFiles.map((file) => file.fileName)
  const byUrl = [...text.matchAll(/new URL\('(\.[^']+\.ts)'/g)].map((match) => String(match[1]))
  return [...imported, ...byUrl]
}

/** A relative specifier as a path from the root; a package's name stays as it is. */
export function resolveSpecifier(from: string, specifier: string): string {
  if (!specifier.startsWith('.')) return specifier
  return relative(ROOT, join(ROOT, dirname(from), specifier)).replaceAll('\\', '/')
}

/** `packages/broker/src/x.ts` is of `broker`; files outside of `packages/` are of their top folder. */
export function packageOf(path: string): string {
  const [top, second] = path.split('/')
  return top === 'packages' && second !== undefined ? second : String(top)
}

/** Code that ships: under `src/`, and neither a test nor a help for tests. */
export function isShipped(path: string): boolean {
  return /^packages\/[^/]+\/src\//.test(path) && !path.endsWith('.test.ts') && !path.includes('/testing/')
}
