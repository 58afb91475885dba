import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

/** Runs a program to its end; its milliseconds, from the call to its exit, with its output read through a pipe. */
export async function timed(file: string, args: readonly string[]): Promise<number> {
  const startMs = performance.now()
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let complaint = ''
  child.stdout.resume()
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString()
  })
  const [code] = await once(child, 'close')
  const elapsedMs = performance.now() - startMs
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${code}: ${complaint}`)
  return elapsedMs
}

/** Whether there is such a program. */
export async function isThere(file: string): Promise<boolean> {
  return promisify(execFile)(file, ['-V']).then(
    () => true,
    () => false,
  )
}

/** A broker that is started by the command under test. */
export class PackedBroker implements AsyncDisposable {
  readonly bootstrap: string
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, bootstrap: string) {
    this.#child = child
    this.bootstrap = bootstrap
  }

  static async start(node: string, launcher: string, dataDir: string): Promise<PackedBroker> {
    const args = [launcher, 'serve', '--data', dataDir, '--listen', 'localhost:0', '--no-http']
    const child = spawn(node, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    for await (const line of createInterface({ input: child.stdout })) {
      const address = /^Millrace listening on (\S+)$/.exec(line)?.[1]
      if (address === undefined) continue
      child.stdout.resume()
      return new PackedBroker(child, address)
    }
    throw new Error('the broker ended before it listened')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    await exited
  }
}
