/** `millrace tail` in a real terminal, which tmux plays. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  LAUNCHER,
  MillraceProcess,
  runMillrace,
} from '../../packages/broker/compat/process/millrace-process.ts'
import { terminalPicture } from './terminal-picture.ts'

const PICTURE = new URL('../../docs/images/tail.svg', import.meta.url)
const SOCKET = `millrace-test-${process.pid}`
const isRequired = process.env.MILLRACE_REQUIRE_CLIENTS === '1'

function tmux(...args: readonly string[]): string {
  return execFileSync('tmux', ['-L', SOCKET, ...args], { encoding: 'utf8' })
}

function hasTmux(): boolean {
  try {
    execFileSync('tmux', ['-V'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const isHere = hasTmux()

describe(`millrace tail in a terminal${isHere ? '' : ': tmux is not on the PATH'}`, () => {
  let broker: MillraceProcess
  beforeAll(async () => {
    broker = await MillraceProcess.start()
  })
  afterAll(async () => {
    if (isHere) tmux('kill-server')
    await broker?.close()
  })

  const screenShows = (text: string | RegExp): Promise<void> =>
    vi.waitFor(() => expect(tmux('capture-pane', '-p', '-t', 'tail')).toMatch(text), {
      timeout: 15_000,
      interval: 50,
    })

  it.runIf(isHere || isRequired)('shows history, then live records, and ends on Ctrl-C with 0', async () => {
    const { bootstrap } = broker
    const produce = (input: string): Promise<unknown> =>
      runMillrace(['produce', 'chat'], { bootstrap, input })
    await produce('first\nsecond\n')
    tmux('new-session', '-d', '-s', 'tail', '-x', '100', '-y', '24', 'sh')
    const command = `${process.execPath} ${LAUNCHER} tail chat --bootstrap ${bootstrap}`
    tmux('send-keys', '-t', 'tail', '-l', `${command}; echo "ended with $?"`)
    tmux('send-keys', '-t', 'tail', 'Enter')
    await screenShows(/first\s*\n.*second/)
    await produce('third\n')
    await screenShows(/first\s*\n.*second\s*\n.*third/)
    if (process.env.MILLRACE_SCREENSHOTS === '1') {
      // The command itself has a path in it that is this machine's alone.
      const screen = tmux('capture-pane', '-p', '-e', '-t', 'tail').split('\n')
      const shown = screen.filter((line) => /\d\d:\d\d:\d\d/.test(line))
      writeFileSync(PICTURE, terminalPicture(`$ millrace tail chat\n${shown.join('\n')}`, 100))
    }
    tmux('send-keys', '-t', 'tail', 'C-c')
    await screenShows(/ended with 0/)
  })
})
