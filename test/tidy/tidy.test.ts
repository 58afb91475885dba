import { describe, expect, it } from 'vitest'
import { ALLOWED_IMPORTS, ownPackage, wrongImport } from './import-rules.ts'
import {
  importedSpecifiers,
  isShipped,
  packageOf,
  readText,
  repositoryFiles,
  resolveSpecifier,
} from './source-tree.ts'

const files = repositoryFiles()
const sources = files.filter((path) => path.endsWith('.ts'))
const texts = new Map(sources.map((path) => [path, readText(path)]))
const textOf = (path: string): string => texts.get(path) ?? readText(path)

describe('imports', () => {
  it('go only in the directions of the architecture', () => {
    const wrong = sources.flatMap((path) =>
      importedSpecifiers(textOf(path)).flatMap((specifier) => {
        const to = ownPackage(specifier)
        const rule = to && wrongImport({ from: packageOf(path), isShipped: isShipped(path), to })
        return rule ? [`${path} imports ${specifier}: ${rule}`] : []
      }),
    )
    expect(wrong).toEqual([])
  })

  it('do not reach into another package by a relative path', () => {
    const wrong = sources.flatMap((path) =>
      importedSpecifiers(textOf(path))
        .map((specifier) => resolveSpecifier(path, specifier))
        .filter((target) => target.startsWith('packages/') && packageOf(target) !== packageOf(path))
        .filter(() => path.startsWith('packages/'))
        // A suite for every implementation of a seam lives where the seam is.
        .filter((target) => isShipped(path) || !target.includes('/testing/'))
        .map((target) => `${path} imports ${target}`),
    )
    expect(wrong).toEqual([])
  })

  it('of shipped code name a dependency of its package', () => {
    const wrong = sources.filter(isShipped).flatMap((path) => {
      const manifest = JSON.parse(readText(`packages/${packageOf(path)}/package.json`)) as {
        dependencies?: Record<string, string>
      }
      return importedSpecifiers(textOf(path))
        .filter((specifier) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
        .map((specifier) =>
          specifier
            .split('/')
            .slice(0, specifier.startsWith('@') ? 2 : 1)
            .join('/'),
        )
        .filter((name) => manifest.dependencies?.[name] === undefined)
        .filter((name) => packageOf(path) !== 'simulator' || name !== 'vitest')
        .map((name) => `${path} imports ${name}`)
    })
    expect(wrong).toEqual([])
  })

  it('have a rule for every package', () => {
    const packages = new Set(files.filter((path) => path.startsWith('packages/')).map(packageOf))
    expect([...packages].sort()).toEqual(Object.keys(ALLOWED_IMPORTS).sort())
  })
})

describe('source files', () => {
  it('have at most 400 lines, tests 500', () => {
    // A table of cases reads well at a length at which code does not.
    const limitOf = (path: string): number => (/\.test\.ts$|\/test\//.test(path) ? 500 : 400)
    const long = [...sources, ...files.filter((path) => path.endsWith('.mjs'))]
      .map((path) => ({ path, lines: textOf(path).split('\n').length - 1 }))
      .filter(({ path, lines }) => lines > limitOf(path))
    expect(long).toEqual([])
  })

  it('export no default, configuration files apart', () => {
    const isConfig = (path: string): boolean => /\.config\.(ts|mjs)$/.test(path)
    const wrong = sources.filter((path) => !isConfig(path) && /^export default\b/m.test(textOf(path)))
    expect(wrong).toEqual([])
  })

  it('leave no note for later and no test switched off or alone', () => {
    const note = new RegExp(['TO', 'DO\\b|FIX', 'ME\\b|\\bXX', 'X\\b'].join(''))
    const switched = /\b(?:it|test|describe)\.(?:only|skip|todo)\b/
    const wrong = sources.flatMap((path) =>
      textOf(path)
        .split('\n')
        .flatMap((line, index) =>
          note.test(line) || switched.test(line) ? [`${path}:${index + 1} ${line.trim()}`] : [],
        ),
    )
    expect(wrong).toEqual([])
  })
})
