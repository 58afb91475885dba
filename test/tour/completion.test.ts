/** What Tab does behind `millrace`, in each shell, typed into a terminal that tmux plays. */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  LAUNCHER,
  MillraceProcess,
  runMillrace,
} from '../../packages/broker/compat/process/millrace-process.ts'
import { Tmux } from './tmux.ts'

interface Shell {
  readonly name: string
  /** Starts it without anybody's own settings. */
  readonly command: string
  /** As the help of `millrace completion` says, in what a new user has. */
  readonly setUp: string
}

const SHELLS: readonly Shell[] = [
  { name: 'bash', command: 'bash --norc --noprofile', setUp: 'source <(millrace completion bash)' },
  { name: 'zsh', command: 'zsh -f', setUp: 'source <(millrace completion zsh)' },
  { name: 'fish', command: 'fish --no-config', setUp: 'millrace completion fish | source' },
]

const folder = mkdtempSync(join(tmpdir(), 'millrace-completion-'))
const tmux = new Tmux(`millrace-completion-${process.pid}`)
const isRequired = process.env.MILLRACE_REQUIRE_CLIENTS === '1'

function isInstalled(shell: string): boolean {
  try {
    execFileSync(shell, ['-c', 'true'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** What is missing for a test of the shell, or nothing. */
function missing({ name }: Shell): string {
  const absent = [...(Tmux.isHere() ? [] : ['tmux']), ...(isInstalled(name) ? [] : [name])]
  return absent.length === 0 || isRequired ? '' : `: ${absent.join(' and ')} not on the PATH`
}

describe('Tab behind millrace', () => {
  let broker: MillraceProcess
  beforeAll(async () => {
    broker = await MillraceProcess.start()
    await runMillrace(['topic', 'create', 'flights'], broker)
    const script = join(folder, 'millrace')
    writeFileSync(script, `#!/bin/sh\nexec '${process.execPath}' '${LAUNCHER}' "$@"\n`)
    chmodSync(script, 0o755)
  })
  afterAll(async () => {
    if (Tmux.isHere()) tmux.run('kill-server')
    await broker?.close()
    // The shells end by themselves, and write into their homes until they have.
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
  })

  for (const shell of SHELLS) {
    const absent = missing(shell)
    it.runIf(absent === '')(
      `in ${shell.name} completes commands, theirs, flags and topics${absent}`,
      async () => {
        const { name } = shell
        // zsh keeps what it has found out in the user's folder.
        const env = [
          `PATH=${folder}:${process.env.PATH}`,
          `HOME=${folder}`,
          `MILLRACE_BOOTSTRAP=${broker.bootstrap}`,
        ]
        const settings = env.flatMap((one) => ['-e', one])
        tmux.run('new-session', '-d', '-s', name, '-x', '100', '-y', '24', ...settings, shell.command)
        const type = (...keys: readonly string[]): string => tmux.run('send-keys', '-t', name, ...keys)
        await vi.waitFor(() => expect(tmux.screen(name).trim()).not.toBe(''), { timeout: 60_000 })
        type(`${shell.setUp}; echo is-"ready"`, 'Enter')
        await tmux.screenShows(name, /is-ready/)
        for (const [typed, completed] of [
          ['millrace prod', 'millrace produce'],
          ['millrace topic des', 'millrace topic describe'],
          ['millrace tail --sam', 'millrace tail --sample'],
          ['millrace tail fli', 'millrace tail flights'],
        ] as const) {
          type('C-u')
          type(typed, 'Tab')
          await tmux.screenShows(name, new RegExp(`${completed}\\b`))
        }
      },
    )
  }
})
