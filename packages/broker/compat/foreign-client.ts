/** The foreign clients, each a program in its own process behind one command line (`programs/program.ts`). */
import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Tally } from './record-tally.ts'

const PROGRAMS = fileURLToPath(new URL('./programs/', import.meta.url))

/** Where `install-clients.sh` puts what is not on the PATH. */
const INSTALLED =
  process.env.MILLRACE_CLIENTS ??
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'millrace-clients')

/** A command that is ready to run, or why it is not on this machine. */
export type Availability =
  | { readonly kind: 'here'; readonly command: readonly [string, ...string[]] }
  | { readonly kind: 'absent'; readonly reason: string }

export interface ForeignClient {
  readonly name: string
  readonly availability: Availability
}

/** Every client that counts, those that are absent too; looking is done once, when this is called. */
export function foreignClients(): ForeignClient[] {
  return [
    { name: 'kcat', availability: kcat() },
    { name: 'kafkajs', availability: nodeProgram('kafkajs.ts') },
    { name: '@platformatic/kafka', availability: nodeProgram('platformatic.ts') },
    { name: 'confluent-kafka', availability: pythonProgram('confluent_kafka', 'confluent_program.py') },
    { name: 'aiokafka', availability: pythonProgram('aiokafka', 'aiokafka_program.py') },
    { name: 'franz-go', availability: goProgram() },
    { name: 'Java', availability: javaProgram() },
  ]
}

const CALL_TIMEOUT_MS = 300_000

/** Reads every record of the topic up to its ends as they are now. */
export async function dumpTopic(client: ForeignClient, bootstrap: string, topic: string): Promise<Tally> {
  return (await call(client, ['dump', bootstrap, topic])) as Tally
}

/** Writes `count` records under acks=all; answers how many were acknowledged. */
export async function produceRecords(
  client: ForeignClient,
  target: { bootstrap: string; topic: string; count: number; prefix: string },
): Promise<number> {
  const { bootstrap, topic, count, prefix } = target
  const answer = await call(client, ['produce', bootstrap, topic, String(count), prefix])
  return (answer as { acked: number }).acked
}

/** Reads `count` records as a member of the group and commits them. */
export async function consumeInGroup(
  client: ForeignClient,
  target: { bootstrap: string; topic: string; group: string; count: number },
): Promise<Tally> {
  const { bootstrap, topic, group, count } = target
  return (await call(client, ['group', bootstrap, topic, group, String(count)])) as Tally
}

async function call(client: ForeignClient, args: readonly string[]): Promise<unknown> {
  if (client.availability.kind === 'absent') throw new Error(`${client.name}: ${client.availability.reason}`)
  const [file, ...prefix] = client.availability.command
  const { stdout } = await promisify(execFile)(file, [...prefix, ...args], {
    timeout: CALL_TIMEOUT_MS,
    maxBuffer: 16 * 1024 * 1024,
  })
  return JSON.parse(stdout)
}

function absent(reason: string): Availability {
  return { kind: 'absent', reason }
}

/** Runs a command only to see whether it works. */
function works(file: string, args: readonly string[]): boolean {
  try {
    execFileSync(file, args, { stdio: 'ignore', timeout: 60_000 })
    return true
  } catch {
    return false
  }
}

function nodeProgram(file: string): Availability {
  return {
    kind: 'here',
    command: [process.execPath, '--conditions=@millrace/source', '--no-warnings', join(PROGRAMS, file)],
  }
}

function kcat(): Availability {
  return works('kcat', ['-V']) ? nodeProgram('kcat.ts') : absent('kcat is not on the PATH')
}

function pythonProgram(module: string, file: string): Availability {
  const candidates = [join(INSTALLED, 'python', 'bin', 'python'), 'python3']
  const python = candidates.find((candidate) => works(candidate, ['-c', `import ${module}`]))
  if (python === undefined) return absent(`no Python here can import ${module}`)
  return { kind: 'here', command: [python, join(PROGRAMS, 'python', file)] }
}

/** Go builds from its module cache alone; the build cache makes it quick after the first time. */
function goProgram(): Availability {
  if (!works('go', ['version'])) return absent('go is not on the PATH')
  const binary = builtFor('franz-go', join(PROGRAMS, 'go', 'main.go'))
  if (!existsSync(binary)) {
    try {
      const env = {
        ...process.env,
        GOPROXY: 'off',
        GOFLAGS: '-mod=mod -buildvcs=false',
        GOTOOLCHAIN: 'local',
      }
      execFileSync('go', ['build', '-o', binary, '.'], { cwd: join(PROGRAMS, 'go'), stdio: 'ignore', env })
    } catch {
      return absent("franz-go is not in Go's module cache")
    }
  }
  return { kind: 'here', command: [binary] }
}

function javaProgram(): Availability {
  const jars = join(INSTALLED, 'java')
  if (!existsSync(jars)) return absent('the kafka-clients jar is not installed')
  const source = join(PROGRAMS, 'java', 'CompatProgram.java')
  const classes = builtFor('java-classes', source)
  if (!existsSync(classes) && !works('javac', ['-cp', `${jars}/*`, '-d', classes, source])) {
    return absent('javac is not on the PATH, or cannot compile the program')
  }
  // Short runs: the first compiler tier is enough, and the serial collector needs no threads of its own.
  const options = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xmx512m']
  return {
    kind: 'here',
    command: ['java', ...options, '-cp', `${classes}${delimiter}${jars}/*`, 'CompatProgram'],
  }
}

/** A path for what is built from a source, new for each content of it. */
function builtFor(name: string, source: string): string {
  mkdirSync(INSTALLED, { recursive: true })
  const sum = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 16)
  return join(INSTALLED, `${name}-${sum}`)
}
