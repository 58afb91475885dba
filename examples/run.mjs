// `npm run --silent example client/produce`: runs one of the programs beside this file.
import { existsSync, globSync } from 'node:fs'

const [name] = process.argv.slice(2)
const file = ['.ts', '.mjs']
  .map((ending) => new URL(`${name}${ending}`, import.meta.url))
  .find((url) => existsSync(url))
if (name === undefined || file === undefined) {
  const here = globSync('*/*.{ts,mjs}', { cwd: import.meta.dirname }).map((path) =>
    path.replace(/\.\w+$/, ''),
  )
  console.error(
    `which example? ${here
      .filter((path) => !path.endsWith('/kafka'))
      .sort()
      .join(', ')}`,
  )
  process.exitCode = 1
} else {
  await import(file.href)
}
