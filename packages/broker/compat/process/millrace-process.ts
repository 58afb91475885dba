/** `millrace serve` and the other commands as real processes, as a user would run them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from './ports.ts'

export const LAUNCHER = fileURLToPath(new URL('../../../cli/bin/millrace.mjs', import.meta.url))

export interface ServeOptions {
  /** Kept afterwards when given; else a temporary folder that `close` removes. */
  readonly dataDir?: string
  /** A free one unless given; `restart` keeps it. */
  readonly port?: number
  /** Kafka's broker config names. */
  readonly settings?: Readonly<Record<string, string>>
  /** Further arguments of `serve`. */
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

export interface ExitStatus {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

const READY_TIMEOUT_MS = 60_000
const READY_LINE = /Millrace listening on /

/** A broker in a process of its own. It can be killed and started again on the same port and data. */
export class MillraceProcess implements AsyncDisposable {
  readonly dataDir: string
  readonly #options: ServeOptions
  readonly #isTemporary: boolean
  readonly port: number
  #child: ChildProcess | null = null
  #output = ''

  private constructor(options: ServeOptions, port: number) {
    this.#options = options
    this.port = port
    this.#isTemporary = options.dataDir === undefined
    this.dataDir = options.dataDir ?? join(mkdtempSync(join(tmpdir(), 'millrace-test-')), 'data')
  }

  /** Starts a broker and answers when it has said that it listens. */
  static async start(options: ServeOptions = {}): Promise<MillraceProcess> {
    const broker = new MillraceProcess(options, options.port ?? (await freePort()))
    await broker.restart()
    return broker
  }

  get bootstrap(): string {
    return `localhost:${this.port}`
  }

  get pid(): number {
    return this.#child?.pid ?? -1
  }

  /** What all lives of the process have written so far, to standard output and standard error. */
  get output(): string {
    return this.#output
  }

  /** Starts the process (again), on the same port and data directory. */
  async restart(): Promise<void> {
    const { settings = {}, args = [], env = {} } = this.#options
    const sets = Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`])
    const listen = `localhost:${this.port}`
    const child = spawn(
      process.execPath,
      [LAUNCHER, 'serve', '--data', this.dataDir, '--listen', listen, ...sets, ...args],
      { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } },
    )
    this.#child = child
    await this.#ready(child)
  }

  /** SIGKILL: what a crash of the process leaves behind is what is left behind. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** SIGTERM, and how the process ended. */
  async stop(): Promise<ExitStatus> {
    return this.#end('SIGTERM')
  }

  async close(): Promise<void> {
    await this.#end('SIGKILL')
    if (this.#isTemporary) rmSync(join(this.dataDir, '..'), { recursive: true, force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #end(signal: NodeJS.Signals): Promise<ExitStatus> {
    const child = this.#child
    if (child === null) return { code: null, signal: null }
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit')
      child.kill(signal)
      await exited
    }
    return { code: child.exitCode, signal: child.signalCode }
  }

  #ready(child: ChildProcess): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    let life = ''
    const take = (chunk: Buffer): void => {
      const text = chunk.toString()
      life += text
      this.#output += text
      if (READY_LINE.test(life)) resolve()
    }
    child.stdout?.on('data', take)
    child.stderr?.on('data', take)
    child.once('exit', (code, signal) =>
      reject(new Error(`serve ended with ${signal ?? code} before it listened:\n${life}`)),
    )
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`serve did not listen within ${READY_TIMEOUT_MS} ms:\n${life}`))
    }, READY_TIMEOUT_MS)
    return promise.finally(() => clearTimeout(timer))
  }
}

export interface CommandResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const COMMAND_TIMEOUT_MS = 60_000

/** Runs a `millrace` command to its end. */
export async function runMillrace(
  args: readonly string[],
  { input, bootstrap }: { input?: string | Buffer; bootstrap?: string } = {},
): Promise<CommandResult> {
  const target = bootstrap === undefined ? {} : { MILLRACE_BOOTSTRAP: bootstrap }
  const child = spawn(process.execPath, [LAUNCHER, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...target },
    timeout: COMMAND_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  })
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
  // A command that ends early closes its input; that is its right.
  child.stdin.on('error', () => {})
  child.stdin.end(input ?? '')
  await once(child, 'close')
  return {
    code: child.exitCode,
    stdout: Buffer.concat(stdout).toString(),
    stderr: Buffer.concat(stderr).toString(),
  }
}
