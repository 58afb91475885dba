import process from 'node:process'

/**
 * The rows that `--rows` names, all without it; null when they were only to be listed, or one of them does not exist: then
 * all names have been printed.
 */
export function chooseRows(
  names: readonly string[],
  { list, rows }: { readonly list: boolean; readonly rows?: string | undefined },
): readonly string[] | null {
  const wanted = rows?.split(',') ?? names
  const unknown = wanted.filter((name) => !names.includes(name))
  if (!list && unknown.length === 0) return wanted
  for (const name of unknown) process.stderr.write(`no row is called ${name}\n`)
  process.stdout.write(`${names.join('\n')}\n`)
  process.exitCode = unknown.length > 0 ? 1 : 0
  return null
}
