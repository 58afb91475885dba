import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

/**
 * Runs a program of this directory until it has printed a line, and returns that. Then `kill` ends it by SIGKILL;
 * `close` ends its standard input, on which it closes what it has open and exits.
 */
export async function runChild(
  program: string,
  args: readonly string[],
  end: 'kill' | 'close',
): Promise<string> {
  const script = fileURLToPath(new URL(program, import.meta.url))
  const child = spawn(process.execPath, ['--conditions=@millrace/source', script, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // As the launcher of `millrace` has it; without it Node's compiler of types, 30 MB, would be measured too.
    env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache') },
  })
  const exited = once(child, 'exit')
  let printed = ''
  for await (const chunk of child.stdout) {
    printed += chunk
    if (printed.includes('\n')) break
  }
  if (end === 'kill') child.kill('SIGKILL')
  else child.stdin.end()
  await exited
  if (!printed.includes('\n')) throw new Error(`${program} ended without a word`)
  return printed.slice(0, printed.indexOf('\n'))
}
