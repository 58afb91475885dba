/** The packages as npm would publish them, installed in an empty project and used there: `npm run test:pack`. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const PACKAGES = [
  'protocol',
  'record-batch',
  'log-core',
  'consumer-groups',
  'broker',
  'client',
  'gateway',
  'cli',
]
const nameOf = (folder: string): string => (folder === 'cli' ? 'millrace' : `@millrace/${folder}`)

// What a user's shell would find: Node 24 first, and nothing of this repository's own commands.
const nodeFolder = dirname(process.execPath)
const env = { ...process.env, PATH: `${nodeFolder}${delimiter}${process.env.PATH ?? ''}`, NODE_OPTIONS: '' }

async function run(file: string, args: readonly string[], cwd: string): Promise<string> {
  const { stdout } = await promisify(execFile)(file, [...args], { cwd, env, maxBuffer: 64 * 1024 * 1024 })
  return stdout
}

describe('the packed packages', () => {
  let folder = ''
  let project = ''
  const tarballs = new Map<string, string>()

  beforeAll(async () => {
    await run(process.execPath, ['scripts/turbo.mjs', 'run', 'build', '--output-logs=errors-only'], ROOT)
    folder = mkdtempSync(join(tmpdir(), 'millrace-pack-'))
    project = join(folder, 'project')
    mkdirSync(project)
    const pack = [
      'pack',
      '--json',
      '--pack-destination',
      folder,
      ...PACKAGES.map((name) => `./packages/${name}`),
    ]
    for (const { name, filename } of packed(await run('npm', pack, ROOT))) {
      tarballs.set(name, join(folder, filename))
    }
    writeFileSync(join(project, 'package.json'), '{ "name": "empty", "private": true, "type": "module" }\n')
    await run('npm', ['install', '--loglevel=error', ...tarballs.values()], project)
  }, 300_000)

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  it.each(PACKAGES)('%s can be imported, and required, and carries its licence', async (name) => {
    const show = 'if (Object.keys(module).length === 0) throw new Error("exports nothing")'
    await run(process.execPath, ['-e', `import('${nameOf(name)}').then((module) => { ${show} })`], project)
    await run(process.execPath, ['-e', `const module = require('${nameOf(name)}'); ${show}`], project)
    const installed = join(project, 'node_modules', nameOf(name))
    expect(readFileSync(join(installed, 'LICENSE'), 'utf8')).toContain('Apache License')
  })

  it.each(PACKAGES)('%s leaves publint and attw with nothing to say', async (name) => {
    const tarball = tarballs.get(nameOf(name)) ?? ''
    const publint = join(ROOT, 'node_modules/publint/src/cli.js')
    await run(process.execPath, [publint, 'run', tarball, '--strict'], ROOT)
    const attw = join(ROOT, 'node_modules/@arethetypeswrong/cli/dist/index.js')
    await run(process.execPath, [attw, tarball, '--profile', 'esm-only', '--no-color'], ROOT)
  })

  it('serve, produce and tail by npx', async () => {
    const { child, bootstrap } = await serve(project)
    const millrace = (args: readonly string[]): Promise<string> =>
      run('npx', ['--no-install', 'millrace', ...args, '--bootstrap', bootstrap], project)
    await millrace(['topic', 'create', 'packed'])
    writeFileSync(join(project, 'lines.txt'), 'one\ntwo\n')
    await millrace(['produce', 'packed', '--file', 'lines.txt'])
    const tail = await millrace(['tail', 'packed', '--from', 'beginning', '--no-follow', '-f', '%o %v\\n'])
    expect(tail).toBe('0 one\n1 two\n')
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    expect(await exited).toEqual([0, null])
  })
})

interface Packed {
  readonly name: string
  readonly filename: string
}

/** npm 10 answers with a list, npm 12 with an object by name. */
function packed(json: string): Packed[] {
  return Object.values(JSON.parse(json) as Packed[] | Record<string, Packed>)
}

/** The installed launcher itself, so that the signal goes to the broker and not to npx. */
async function serve(project: string): Promise<{ child: ChildProcess; bootstrap: string }> {
  const launcher = join(project, 'node_modules', '.bin', 'millrace')
  const child = spawn(launcher, ['serve', '--data', join(project, 'data'), '--listen', 'localhost:0'], {
    cwd: project,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      const address = /Millrace listening on (\S+)/.exec(output)?.[1]
      if (address !== undefined) resolve(address)
    })
  }
  child.once('exit', () => reject(new Error(`serve ended:\n${output}`)))
  return { child, bootstrap: await promise }
}
