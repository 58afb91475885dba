/** Which source files nothing needs. */
import { importedSpecifiers, isShipped, packageOf, readText, resolveSpecifier } from './source-tree.ts'

/** Shipped files that no entry of their package reaches, and helps for tests that no test reaches. */
export function deadFiles(files: readonly string[]): string[] {
  const sources = files.filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
  const known = new Set(sources)
  const manifestEntries = new Set(
    files
      .filter((path) => /^packages\/[^/]+\/package\.json$/.test(path))
      .flatMap((path) =>
        [...readText(path).matchAll(/"\.\/(src\/[^"]+\.ts)"/g)].map(
          (match) => `packages/${packageOf(path)}/${match[1]}`,
        ),
      ),
  )
  const isEntry = (path: string): boolean =>
    /^packages\/[^/]+\/src\/(index|main)\.ts$/.test(path) || manifestEntries.has(path)
  const shippedReach = reach(sources.filter(isEntry), known)
  const testReach = reach(
    sources.filter((path) => !isShipped(path) && /\.(test|config)\.ts$/.test(path)),
    known,
  )
  return sources.filter((path) => {
    if (isShipped(path)) return !shippedReach.has(path)
    const isHelp = path.startsWith('packages/') && path.includes('/testing/')
    return isHelp && !testReach.has(path) && !shippedReach.has(path)
  })
}

function reach(entries: readonly string[], known: ReadonlySet<string>): Set<string> {
  const seen = new Set(entries)
  const queue = [...entries]
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    for (const specifier of importedSpecifiers(readText(path))) {
      const target = resolveSpecifier(path, specifier)
      if (!known.has(target) || seen.has(target)) continue
      seen.add(target)
      queue.push(target)
    }
  }
  return seen
}
