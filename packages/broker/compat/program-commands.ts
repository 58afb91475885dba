/** How a program of a foreign client is made ready to run, in each language. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, delimiter, dirname, join } from 'node:path'

/** Where `install-clients.sh` puts what is not on the PATH. */
const INSTALLED =
  process.env.MILLRACE_CLIENTS ??
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'millrace-clients')

/** A command that is ready to run, or why it is not on this machine. */
export type Availability =
  | { readonly kind: 'here'; readonly command: readonly [string, ...string[]] }
  | { readonly kind: 'absent'; readonly reason: string }

export function absent(reason: string): Availability {
  return { kind: 'absent', reason }
}

/** Runs a command only to see whether it works. */
export function works(file: string, args: readonly string[]): boolean {
  try {
    execFileSync(file, args, { stdio: 'ignore', timeout: 60_000 })
    return true
  } catch {
    return false
  }
}

export function nodeProgram(source: string): Availability {
  return {
    kind: 'here',
    command: [process.execPath, '--conditions=@millrace/source', '--no-warnings', source],
  }
}

export function pythonProgram(module: string, source: string): Availability {
  const candidates = [join(INSTALLED, 'python', 'bin', 'python'), 'python3']
  const python = candidates.find((candidate) => works(candidate, ['-c', `import ${module}`]))
  if (python === undefined) return absent(`no Python here can import ${module}`)
  return { kind: 'here', command: [python, source] }
}

/** Go builds from its module cache alone; the build cache makes it quick after the first time. */
export function goProgram(name: string, source: string): Availability {
  if (!works('go', ['version'])) return absent('go is not on the PATH')
  const binary = builtFor(name, source)
  if (!existsSync(binary)) {
    try {
      const env = {
        ...process.env,
        GOPROXY: 'off',
        GOFLAGS: '-mod=mod -buildvcs=false',
        GOTOOLCHAIN: 'local',
      }
      execFileSync('go', ['build', '-o', binary, '.'], { cwd: dirname(source), stdio: 'ignore', env })
    } catch {
      return absent("franz-go is not in Go's module cache")
    }
  }
  return { kind: 'here', command: [binary] }
}

/** The class has the name of its file. */
export function javaProgram(source: string): Availability {
  const jars = join(INSTALLED, 'java')
  if (!existsSync(jars)) return absent('the kafka-clients jar is not installed')
  const classes = builtFor('java-classes', source)
  if (!existsSync(classes) && !works('javac', ['-cp', `${jars}/*`, '-d', classes, source])) {
    return absent('javac is not on the PATH, or cannot compile the program')
  }
  // Short runs: the first compiler tier is enough, and the serial collector needs no threads of its own.
  const options = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xmx512m']
  return {
    kind: 'here',
    command: ['java', ...options, '-cp', `${classes}${delimiter}${jars}/*`, basename(source, '.java')],
  }
}

/** A path for what is built from a source, new for each content of it. */
function builtFor(name: string, source: string): string {
  mkdirSync(INSTALLED, { recursive: true })
  const sum = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 16)
  return join(INSTALLED, `${name}-${sum}`)
}
