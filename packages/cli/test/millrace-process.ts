import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from './free-port.ts'

/** The launcher as a user runs it. */
export const LAUNCHER = fileURLToPath(new URL('../bin/millrace.mjs', import.meta.url))

/** What a command left behind. */
export interface CommandResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A command that runs. */
export class RunningCommand {
  readonly child: ChildProcess
  stdout = ''
  stderr = ''
  readonly #closed: Promise<unknown>

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.child = spawn(process.execPath, [LAUNCHER, ...args], { env: { ...process.env, ...env } })
    this.child.stdout?.on('data', (chunk: Buffer) => {
      this.stdout += chunk.toString('latin1')
    })
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString()
    })
    // A command that ends early closes its input.
    this.child.stdin?.on('error', () => {})
    this.#closed = once(this.child, 'close')
  }

  write(input: string | Buffer): void {
    this.child.stdin?.write(input)
  }

  end(input: string | Buffer = ''): Promise<CommandResult> {
    this.child.stdin?.end(input)
    return this.result()
  }

  async result(): Promise<CommandResult> {
    await this.#closed
    return { code: this.child.exitCode, stdout: this.stdout, stderr: this.stderr }
  }

  /** Resolves when standard output holds the text. */
  async untilOutput(text: string): Promise<void> {
    while (!this.stdout.includes(text)) {
      const { exitCode, signalCode } = this.child
      if (exitCode !== null || signalCode !== null)
        throw new Error(`ended with ${signalCode ?? exitCode}: ${this.stderr}`)
      await Promise.race([once(this.child.stdout ?? this.child, 'data'), this.#closed])
    }
  }
}

/** Runs a command to its end. */
export function runMillrace(
  args: readonly string[],
  { input = '', bootstrap = 'localhost:1' }: { input?: string | Buffer; bootstrap?: string } = {},
): Promise<CommandResult> {
  return new RunningCommand(args, { MILLRACE_BOOTSTRAP: bootstrap }).end(input)
}

/** `millrace serve` on a free port, with a data directory that goes with it. */
export class ServeProcess implements AsyncDisposable {
  readonly dataDir: string
  readonly #folder: string
  #command: RunningCommand | null = null
  #port = 0

  private constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), 'millrace-cli-'))
    this.dataDir = join(this.#folder, 'data')
  }

  static async start(): Promise<ServeProcess> {
    const serve = new ServeProcess()
    // Not any port: the system could give that to somebody else between two lives.
    serve.#port = await freePort()
    await serve.restart()
    return serve
  }

  get bootstrap(): string {
    return `localhost:${this.#port}`
  }

  /** Starts again on the same port and data. */
  async restart(): Promise<void> {
    const args = ['serve', '--data', this.dataDir, '--listen', `localhost:${this.#port}`, '--no-http']
    const command = new RunningCommand(args)
    this.#command = command
    await command.untilOutput('\n')
    this.#port = Number(/^Millrace listening on localhost:(\d+)\n$/.exec(command.stdout)?.[1])
  }

  async signal(signal: NodeJS.Signals): Promise<CommandResult> {
    const command = this.#command
    if (command === null) throw new Error('serve was not started')
    command.child.kill(signal)
    return command.result()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#command?.child.exitCode === null) await this.signal('SIGKILL')
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
