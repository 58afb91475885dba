/** `npm run example browser/page` as a process. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../packages/broker/compat/process/ports.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** The example's server, in front of the gateway at a port of this machine. */
export class PageServer implements AsyncDisposable {
  readonly url: string
  readonly #child: ChildProcess

  private constructor(url: string, child: ChildProcess) {
    this.url = url
    this.#child = child
  }

  static async start(gatewayPort: number): Promise<PageServer> {
    const port = await freePort()
    const args = ['--conditions=@millrace/source', '--no-warnings', 'examples/run.mjs', 'browser/page']
    const env = { ...process.env, PORT: String(port), GATEWAY: `127.0.0.1:${gatewayPort}` }
    const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    return new PageServer(`http://localhost:${port}`, child)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#child, 'exit')
    this.#child.kill()
    await exited
  }
}
