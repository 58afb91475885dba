/** A Java program that runs until it is ended, beside the jars of Kafka. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { kafkaClassPath } from '../../../../test/kafka/apache-kafka.ts'

const INSTALLED =
  process.env.MILLRACE_CLIENTS ??
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'millrace-clients')
const JARS = join(INSTALLED, 'kafka-applications')

/** Whether `install-clients.sh` has brought Streams and the connectors. */
export function areApplicationsInstalled(): boolean {
  return existsSync(JARS)
}

export interface JavaProcess extends AsyncDisposable {
  /** What it has printed so far. */
  output(): string
  readonly hasEnded: () => boolean
}

/** Starts a class of Kafka, Streams or Connect. */
export function startJava(className: string, args: readonly string[], cwd: string): JavaProcess {
  const flags = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC']
  const classPath = `${kafkaClassPath()}:${JARS}/*`
  const child: ChildProcess = spawn('java', [...flags, '-cp', classPath, className, ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const chunks: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk))
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null
  return {
    output: () => Buffer.concat(chunks).toString('utf8'),
    hasEnded,
    [Symbol.asyncDispose]: async () => {
      if (hasEnded()) return
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    },
  }
}
