/** The packages as npm would publish them, installed in an empty project and used there: `npm run test:pack`. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installPacked, PACKAGES, type PackedProject, ROOT, run, USER_ENV } from './packed-project.ts'

const nameOf = (folder: string): string => (folder === 'cli' ? 'millrace' : `@millrace/${folder}`)

describe('the packed packages', () => {
  let project = ''
  let installed: PackedProject | null = null

  beforeAll(async () => {
    installed = await installPacked(PACKAGES)
    project = installed.project
  }, 300_000)

  afterAll(() => {
    installed?.remove()
  })

  it.each(PACKAGES)('%s can be imported, and required, and carries its licence', async (name) => {
    const show = 'if (Object.keys(module).length === 0) throw new Error("exports nothing")'
    await run(process.execPath, ['-e', `import('${nameOf(name)}').then((module) => { ${show} })`], project)
    await run(process.execPath, ['-e', `const module = require('${nameOf(name)}'); ${show}`], project)
    const folder = join(project, 'node_modules', nameOf(name))
    expect(readFileSync(join(folder, 'LICENSE'), 'utf8')).toContain('Apache License')
  })

  it.each(PACKAGES)('%s leaves publint and attw with nothing to say', async (name) => {
    const tarball = installed?.tarballs.get(nameOf(name)) ?? ''
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

/** The installed launcher itself, so that the signal goes to the broker and not to npx. */
async function serve(project: string): Promise<{ child: ChildProcess; bootstrap: string }> {
  const launcher = join(project, 'node_modules', '.bin', 'millrace')
  const child = spawn(launcher, ['serve', '--data', join(project, 'data'), '--listen', 'localhost:0'], {
    cwd: project,
    env: USER_ENV,
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
