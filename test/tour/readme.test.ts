/** The README's tour, pasted line by line: every command of its console blocks, and what it says they print. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { freePort } from '../../packages/broker/compat/process/ports.ts'
import { launchChromium, runsBrowser } from '../browser/chromium.ts'

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

/** What a server says that goes on until Ctrl-C: a reader leaves it running in a terminal of its own. */
const SERVER_LINE = /^Open http:\/\/localhost:8000 in a browser\n$/

const [start, ...steps] = tourSteps(readFileSync(join(ROOT, 'README.md'), 'utf8'))

describe('the tour of the README', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-tour-'))
  let bootstrap = ''
  let env: NodeJS.ProcessEnv = {}
  let broker: ReturnType<typeof spawn>
  const servers: ReturnType<typeof spawn>[] = []
  let said = ''

  beforeAll(async () => {
    bootstrap = `localhost:${await freePort()}`
    const http = `localhost:${await freePort()}`
    const pagePort = String(await freePort())
    env = { ...process.env, MILLRACE_BOOTSTRAP: bootstrap, GATEWAY: http, PORT: pagePort }
    // Other ports and another folder than a reader's, so that a broker of the developer's own is left alone.
    const args = ['--', '--listen', bootstrap, '--http', http, '--data', join(folder, 'data')]
    broker = spawn('npm', ['start', '--silent', ...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] })
    broker.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    await vi.waitFor(() => expect(said).toContain('\n'), { timeout: 60_000, interval: 20 })
  })
  afterAll(async () => {
    for (const server of [...servers, broker]) {
      // Not `exit`, which is npm's own: the broker behind it has the pipe open until it has written its last.
      const closed = once(server, 'close')
      server.kill('SIGTERM')
      await closed
    }
    rmSync(folder, { recursive: true, force: true })
  })

  it('starts a broker that says where it listens', () => {
    expect(start?.command).toBe('npm start')
    expect(said.replace(bootstrap, 'localhost:9092')).toBe(start?.output)
  })

  it.each(steps)('$command', async ({ command, output }) => {
    // A shell that replaces itself: the signal that ends a server reaches it.
    const shell = spawn('sh', ['-c', SERVER_LINE.test(output) ? `exec ${command}` : command], {
      cwd: ROOT,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let printed = ''
    for (const stream of [shell.stdout, shell.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        printed += chunk.toString()
      })
    }
    if (SERVER_LINE.test(output)) {
      servers.push(shell)
      await vi.waitFor(() => expect(printed).toContain('\n'), { timeout: 60_000, interval: 20 })
      printed = printed.replace(`:${env.PORT} `, ':8000 ')
    } else {
      await once(shell, 'close')
    }
    expect(printed).toBe(output)
  })

  it.runIf(runsBrowser)('ends with a page that shows every record, and goes on with the next', async () => {
    const browser = await launchChromium()
    try {
      const page = await browser.newPage({ viewport: { width: 900, height: 420 } })
      await page.goto(`http://localhost:${env.PORT}`)
      const rows = page.locator('#records tr')
      const RECORDS = 10
      await vi.waitFor(async () => expect(await rows.count()).toBe(RECORDS), { timeout: 60_000 })
      expect(await page.locator('#faults').innerText()).toBe('0')
      expect(await rows.allInnerTexts()).toContainEqual(
        expect.stringContaining('{"user":"eve","page":"/live"}'),
      )
      if (process.env.MILLRACE_SCREENSHOTS === '1') {
        await page.screenshot({ path: join(ROOT, 'docs/images/live-page.png') })
      }
      const shell = spawn('npx', ['millrace', 'produce', 'visits'], { cwd: ROOT, env })
      shell.stdin.end('now\n')
      await vi.waitFor(async () => expect(await rows.first().innerText()).toContain('now'), {
        timeout: 60_000,
      })
    } finally {
      await browser.close()
    }
  })
})
