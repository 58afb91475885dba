/** `millrace tail` in a real terminal, which tmux plays. */
import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
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

  let lineCount = 0
  const screenShows = (text: string | RegExp): Promise<void> => tmux.screenShows('tail', text)

  it.runIf(isHere || isRequired)('shows history, then live records, and ends on Ctrl-C with 0', async () => {
    const { bootstrap } = broker
    const produce = (input: string): Promise<unknown> =>
      runMillrace(['produce', 'chat'], { bootstrap, input })
    await produce('first\nsecond\n')
    tmux.open('tail', 100)
    tmux.type(
      'tail',
      `${process.execPath} ${LAUNCHER} tail chat --bootstrap ${bootstrap}; echo "ended with $?"`,
    )
    await screenShows(/first\s*\n.*second/)
    await produce('third\n')
    await screenShows(/first\s*\n.*second\s*\n.*third/)
    if (process.env.MILLRACE_SCREENSHOTS === '1') {
      // The command itself has a path in it that is this machine's alone.
      const screen = tmux.run('capture-pane', '-p', '-e', '-t', 'tail').split('\n')
      const shown = screen.filter((line) => /\d\d:\d\d:\d\d/.test(line))
      writeFileSync(PICTURE, terminalPicture(`$ millrace tail chat\n${shown.join('\n')}`, 100))
    }
    tmux.press('tail', 'C-c')
    await screenShows(/ended with 0/)
  })

  it.runIf(isHere || isRequired)('folds long values at the width that the terminal has now', async () => {
    const { bootstrap } = broker
    const produce = (input: string): Promise<unknown> =>
      runMillrace(['produce', 'long'], { bootstrap, input })
    const words = (name: string, count: number): string => `${name}-航班✈️`.repeat(count)
    await produce(`${words('wide', 12)}\n`)
    tmux.open('fold', 100)
    tmux.type('fold', `clear; ${process.execPath} ${LAUNCHER} tail long --bootstrap ${bootstrap}`)
    const rows = async (name: string, count: number): Promise<string[]> => {
      // The rows of one value may be drawn one after the other.
      await vi.waitFor(() => expect(drawnRows(name)).toHaveLength(count), { timeout: 60_000 })
      return drawnRows(name)
    }
    const drawnRows = (name: string): string[] => {
      // A row that the terminal itself had to break would be joined to the next one here.
      const joined = tmux.run('capture-pane', '-p', '-J', '-t', 'fold').split('\n')
      const shown = joined.map((row) => row.trimEnd()).filter((row) => row !== '')
      const first = shown.findIndex((row) => row.includes(name))
      return first === -1 ? [] : shown.slice(first)
    }
    const before = await rows('wide', 2)
    expect(before[1]).toMatch(/^ {19}\S/)
    tmux.resize('fold', 60)
    await produce(`${words('slim', 12)}\n`)
    await rows('slim', 4)
    // What cannot be shown is counted: a record of 1 MiB takes a few lines.
    await produce(`${'vast'.repeat(250_000)}\n`)
    await tmux.screenShows('fold', /\.\.\. 1000000 bytes/)
    await rows('vast', 7)
    expect(
      Math.max(
        ...tmux
          .screen('fold')
          .split('\n')
          .map((row) => row.length),
      ),
    ).toBeLessThanOrEqual(60)
    tmux.press('fold', 'C-c')
  })

  it.runIf(isHere || isRequired)(
    'has colours on a terminal alone, and none where they are not wanted',
    async () => {
      const { bootstrap } = broker
      await runMillrace(['produce', 'plain', '--key', 'k'], { bootstrap, input: 'value\n' })
      tmux.open('colours', 100)
      const tail = `${process.execPath} ${LAUNCHER} tail plain --no-follow -o table --bootstrap ${bootstrap}`
      const styles = async (line: string): Promise<boolean> => {
        // Another end for each line, or the screen of the one before would do.
        const end = `fin-ished-${lineCount++}`
        tmux.type('colours', `clear; ${line}; echo ${end}`)
        await tmux.screenShows('colours', new RegExp(`value\\s*\\n${end}`))
        return tmux.run('capture-pane', '-p', '-e', '-t', 'colours').includes('\u001b[')
      }
      expect(await styles(tail)).toBe(true)
      expect(await styles(`${tail} | cat`)).toBe(false)
      expect(await styles(`NO_COLOR=1 ${tail}`)).toBe(false)
    },
  )
})
