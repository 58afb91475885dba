/** `millrace tail` in a real terminal, which tmux plays. */
import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, it } from 'vitest'
import {
  LAUNCHER,
  MillraceProcess,
  runMillrace,
} from '../../packages/broker/compat/process/millrace-process.ts'
import { terminalPicture } from './terminal-picture.ts'
import { Tmux } from './tmux.ts'

const PICTURE = new URL('../../docs/images/tail.svg', import.meta.url)
const tmux = new Tmux(`millrace-test-${process.pid}`)
const isRequired = process.env.MILLRACE_REQUIRE_CLIENTS === '1'

const isHere = Tmux.isHere()

describe(`millrace tail in a terminal${isHere ? '' : ': tmux is not on the PATH'}`, () => {
  let broker: MillraceProcess
  beforeAll(async () => {
    broker = await MillraceProcess.start()
  })
  afterAll(async () => {
    if (isHere) tmux.run('kill-server')
    await broker?.close()
  })

  const screenShows = (text: string | RegExp): Promise<void> => tmux.screenShows('tail', text)

  it.runIf(isHere || isRequired)('shows history, then live records, and ends on Ctrl-C with 0', async () => {
    const { bootstrap } = broker
    const produce = (input: string): Promise<unknown> =>
      runMillrace(['produce', 'chat'], { bootstrap, input })
    await produce('first\nsecond\n')
    tmux.run('new-session', '-d', '-s', 'tail', '-x', '100', '-y', '24', 'sh')
    const command = `${process.execPath} ${LAUNCHER} tail chat --bootstrap ${bootstrap}`
    tmux.run('send-keys', '-t', 'tail', '-l', `${command}; echo "ended with $?"`)
    tmux.run('send-keys', '-t', 'tail', 'Enter')
    await screenShows(/first\s*\n.*second/)
    await produce('third\n')
    await screenShows(/first\s*\n.*second\s*\n.*third/)
    if (process.env.MILLRACE_SCREENSHOTS === '1') {
      // The command itself has a path in it that is this machine's alone.
      const screen = tmux.run('capture-pane', '-p', '-e', '-t', 'tail').split('\n')
      const shown = screen.filter((line) => /\d\d:\d\d:\d\d/.test(line))
      writeFileSync(PICTURE, terminalPicture(`$ millrace tail chat\n${shown.join('\n')}`, 100))
    }
    tmux.run('send-keys', '-t', 'tail', 'C-c')
    await screenShows(/ended with 0/)
  })
})
