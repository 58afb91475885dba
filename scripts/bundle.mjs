// Bundles the package in the current folder: `node ../../scripts/bundle.mjs [MORE ENTRIES]`, after tsc has written the types.
//
// A package of 80 files takes 20 to 30 ms to load, most of it for finding and opening files; one file takes 5. What
// is imported lazily stays in files of its own, so that it is still loaded when it is first used. Dependencies, our
// own packages among them, are left outside.
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { rolldown } from 'rolldown'

const manifest = JSON.parse(readFileSync('package.json', 'utf8'))
const sources = Object.values(manifest.exports).map((entry) =>
  entry['@millrace/source'].replace('./src/', ''),
)
const entries = [...sources, ...process.argv.slice(2)]

const bundle = await rolldown({
  input: Object.fromEntries(entries.map((path) => [path.replace(/\.ts$/, ''), `src/${path}`])),
  platform: 'node',
  // `await using` is syntax that Node 22 does not know; everything else it does.
  transform: { target: 'node22' },
  // The bundler's own helpers, for that syntax, belong into the bundle.
  external: (id) => !/^[./\0]|^@oxc-project\//.test(id),
})
// Chunks of earlier builds have other names, and would be published too.
for (const name of readdirSync('dist', { recursive: true })) {
  if (/\.js(\.map)?$/.test(name)) rmSync(`dist/${name}`)
}
await bundle.write({
  dir: 'dist',
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: '[name]-[hash].js',
  // The types and the sources have them too.
  comments: { jsdoc: false },
  sourcemap: true,
  // The sources are published beside them.
  sourcemapExcludeSources: true,
})
await bundle.close()
