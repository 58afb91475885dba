/** An empty project in which packages are installed as npm would publish them. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** The folders of everything that is published. */
export const PACKAGES = [
  'protocol',
  'record-batch',
  'log-core',
  'consumer-groups',
  'broker',
  'client',
  'gateway',
  'cli',
]

// What a user's shell would find: Node 24 first, and nothing of this repository's own commands.
const nodeFolder = dirname(process.execPath)
export const USER_ENV = {
  ...process.env,
  PATH: `${nodeFolder}${delimiter}${process.env.PATH ?? ''}`,
  NODE_OPTIONS: '',
}

/** Runs a program as that user, and gives what it wrote. */
export async function run(file: string, args: readonly string[], cwd: string): Promise<string> {
  const options = { cwd, env: USER_ENV, maxBuffer: 64 * 1024 * 1024 }
  const { stdout } = await promisify(execFile)(file, [...args], options)
  return stdout
}

interface Packed {
  readonly name: string
  readonly filename: string
  readonly unpackedSize: number
}

export interface PackedProject {
  readonly project: string
  /** By package name. */
  readonly tarballs: ReadonlyMap<string, string>
  /** Bytes on the disk of whoever installs it, by package name. */
  readonly unpackedBytes: ReadonlyMap<string, number>
  remove(): void
}

/** Builds and packs these folders of `packages`, and installs them with what else is named. */
export async function installPacked(
  folders: readonly string[],
  others: readonly string[] = [],
): Promise<PackedProject> {
  await run(process.execPath, ['scripts/turbo.mjs', 'run', 'build', '--output-logs=errors-only'], ROOT)
  const folder = mkdtempSync(join(tmpdir(), 'millrace-pack-'))
  const project = join(folder, 'project')
  mkdirSync(project)
  const paths = folders.map((name) => `./packages/${name}`)
  const answer = await run('npm', ['pack', '--json', '--pack-destination', folder, ...paths], ROOT)
  // npm 10 answers with a list, npm 12 with an object by name.
  const packed = Object.values(JSON.parse(answer) as Packed[] | Record<string, Packed>)
  const tarballs = new Map(packed.map(({ name, filename }) => [name, join(folder, filename)]))
  writeFileSync(join(project, 'package.json'), '{ "name": "empty", "private": true, "type": "module" }\n')
  await run(
    'npm',
    ['install', '--loglevel=error', '--no-audit', '--no-fund', ...tarballs.values(), ...others],
    project,
  )
  const unpackedBytes = new Map(packed.map(({ name, unpackedSize }) => [name, unpackedSize]))
  return { project, tarballs, unpackedBytes, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
