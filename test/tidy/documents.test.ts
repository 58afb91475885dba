import { describe, expect, it } from 'vitest'
import { generatedPages } from '../../scripts/generated-docs.ts'
import { readText, repositoryFiles } from './source-tree.ts'

const files = repositoryFiles()
const decisions = files.filter((path) => path.startsWith('docs/decisions/'))

describe('documents', () => {
  it.each(generatedPages())('$path says what the code says (npm run docs)', ({ path, text }) => {
    expect(readText(path)).toBe(text)
  })

  it('link only to files that exist', () => {
    const known = new Set(files)
    const broken = files
      .filter((path) => path.endsWith('.md'))
      .flatMap((path) =>
        [...readText(path).matchAll(/\]\((?!https?:|#|mailto:)([^)#]+)/g)].flatMap(([, target]) => {
          const url = new URL(String(target), `file:///${path}`)
          const linked = decodeURIComponent(url.pathname.slice(1))
          const isFolder = files.some((file) => file.startsWith(`${linked.replace(/\/$/, '')}/`))
          return known.has(linked) || isFolder ? [] : [`${path} links to ${target}`]
        }),
      )
    expect(broken).toEqual([])
  })

  it('have every folder of the core in the map of the architecture', () => {
    // The command and the gateway have one for each thing that they offer, which needs no map.
    const hasMap = (source: string): boolean => !/^packages\/(cli|gateway)\//.test(source)
    const sections = readText('docs/architecture.md').split(/^(?=packages\/[^/]+\/src\/)/m)
    const folders = new Set(
      files.flatMap(
        (path) => /^(packages\/[^/]+\/src\/)([^/]+)\/[^/]+\.ts$/.exec(path)?.slice(1, 3).join(' ') ?? [],
      ),
    )
    const unmapped = [...folders].filter((folder) => {
      const [source = '', name = ''] = folder.split(' ')
      const section = sections.find((text) => text.startsWith(source)) ?? ''
      return hasMap(source) && name !== 'testing' && !section.includes(`${name}/`)
    })
    expect(unmapped).toEqual([])
  })

  it('give every decision a number of its own', () => {
    const numbers = decisions.map((path) =>
      path.slice('docs/decisions/'.length, 'docs/decisions/0000'.length),
    )
    expect(numbers.filter((number, index) => numbers.indexOf(number) !== index)).toEqual([])
  })
})

describe('dependencies', () => {
  const manifests = files
    .filter((path) => /^(packages\/[^/]+\/|benchmarks\/)?package\.json$/.test(path))
    .map((path) => JSON.parse(readText(path)) as Record<string, Record<string, string> | undefined>)

  it('each have a decision record that names them', () => {
    const records = decisions.map(readText).join('\n')
    const names = manifests
      .flatMap((manifest) =>
        ['dependencies', 'devDependencies', 'optionalDependencies'].map((kind) => manifest[kind]),
      )
      .flatMap((group) => Object.keys(group ?? {}))
      .filter((name) => !name.startsWith('@millrace/'))
    const unrecorded = [...new Set(names)].filter((name) => !records.includes(name))
    expect(unrecorded).toEqual([])
  })

  it('are pinned to one version', () => {
    const loose = manifests
      .flatMap((manifest) => ['dependencies', 'devDependencies'].map((kind) => manifest[kind]))
      .flatMap((group) => Object.entries(group ?? {}))
      .filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))
    expect(loose).toEqual([])
  })

  it('have every platform in the lock file, which `npm ci` insists on', () => {
    const lock = JSON.parse(readText('package-lock.json')) as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>
    }
    const missing = Object.entries(lock.packages).flatMap(([path, { optionalDependencies }]) =>
      Object.keys(optionalDependencies ?? {})
        .filter((name) => lock.packages[`node_modules/${name}`] === undefined)
        .filter((name) => lock.packages[`${path}/node_modules/${name}`] === undefined)
        .map((name) => `${path}: ${name}`),
    )
    expect(missing).toEqual([])
  })
})

describe('tracked files', () => {
  it('name no path of one machine and no host of a registry', () => {
    // Put together here, so that this file does not find itself.
    const machine = ['work/main', 'work/shared', 'work/.library', 'root/.', 'home/[a-z]+/'].map(
      (path) => `/${path}`,
    )
    const hosts = ['registry.npmjs', 'proxy.golang', 'sum.golang', 'repo1.maven', 'repo.maven', 'pypi'].map(
      (host) => `${host.replace('.', '\\.')}\\.(org|apache)`,
    )
    const pattern = new RegExp(`(?<![\\w.])(${machine.join('|')})|${hosts.join('|')}|deb\\.${'debian'}`)
    const found = files
      .filter((path) => !/\.(parquet|bin|png|jar)$/.test(path))
      .flatMap((path) => {
        const match = pattern.exec(readText(path))
        return match === null ? [] : [`${path}: ${match[0]}`]
      })
    expect(found).toEqual([])
  })
})
