/** The README's tour, pasted line by line: every command of its console blocks, and what it says they print. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { freePort } from '../../packages/broker/compat/process/ports.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

interface TourStep {
  readonly command: string
  readonly output: string
}

/** A line with a dollar is a command; the lines up to the next one are what it prints. */
function tourSteps(markdown: string): TourStep[] {
  return [...markdown.matchAll(/```console\n([\s\S]*?)```/g)].flatMap((block) =>
    String(block[1])
      .split(/^\$ /m)
      .slice(1)
      .map((text) => {
        const end = text.indexOf('\n')
        return { command: text.slice(0, end), output: text.slice(end + 1) }
      }),
  )
}

const [start, ...steps] = tourSteps(readFileSync(join(ROOT, 'README.md'), 'utf8'))

describe('the tour of the README', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-tour-'))
  let bootstrap = ''
  let broker: ReturnType<typeof spawn>
  let said = ''

  beforeAll(async () => {
    const port = await freePort()
    bootstrap = `localhost:${port}`
    // Another port and folder than a reader's, so that a broker of the developer's own is left alone.
    const args = ['--', '--listen', bootstrap, '--data', join(folder, 'data')]
    broker = spawn('npm', ['start', '--silent', ...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] })
    broker.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    await vi.waitFor(() => expect(said).toContain('\n'), { timeout: 60_000, interval: 20 })
  })
  afterAll(async () => {
    const exited = once(broker, 'exit')
    broker.kill('SIGTERM')
    await exited
    rmSync(folder, { recursive: true, force: true })
  })

  it('starts a broker that says where it listens', () => {
    expect(start?.command).toBe('npm start')
    expect(said.replace(bootstrap, 'localhost:9092')).toBe(start?.output)
  })

  it.each(steps)('$command', async ({ command, output }) => {
    const env = { ...process.env, MILLRACE_BOOTSTRAP: bootstrap }
    const shell = spawn('sh', ['-c', command], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let printed = ''
    for (const stream of [shell.stdout, shell.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        printed += chunk.toString()
      })
    }
    await once(shell, 'close')
    expect(printed).toBe(output)
  })
})
