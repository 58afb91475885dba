/** `millrace produce` in a real terminal, which tmux plays: its progress, a resize, Ctrl-C. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  LAUNCHER,
  MillraceProcess,
  runMillrace,
} from '../../packages/broker/compat/process/millrace-process.ts'
import { Tmux } from './tmux.ts'

const tmux = new Tmux(`millrace-produce-${process.pid}`)
const isRequired = process.env.MILLRACE_REQUIRE_CLIENTS === '1'
const folder = mkdtempSync(join(tmpdir(), 'millrace-terminal-'))
const file = join(folder, 'lines')

const isHere = Tmux.isHere()

describe(`millrace produce in a terminal${isHere ? '' : ': tmux is not on the PATH'}`, () => {
  let broker: MillraceProcess
  beforeAll(async () => {
    broker = await MillraceProcess.start()
    writeFileSync(file, `${'x'.repeat(99)}\n`.repeat(20_000))
  })
  afterAll(async () => {
    if (isHere) tmux.run('kill-server')
    await broker?.close()
    // The shell ends by itself, and writes into its home until it has.
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
  })

  const screenShows = (text: string | RegExp): Promise<void> => tmux.screenShows('produce', text)

  it.runIf(isHere || isRequired)(
    'draws its progress within the width, also after a resize, and on Ctrl-C a summary and 130',
    async () => {
      tmux.open('produce', 100)
      const command = `${process.execPath} ${LAUNCHER} produce lines --file ${file} --rate 100/s`
      tmux.type('produce', `clear; ${command} --bootstrap ${broker.bootstrap}; echo "ended with $?"`)
      await screenShows(/\[=*> *\] \d+% [\d,]+ records?, [\d.]+ MB, [\d,]+ records\/s, \S+ left/)
      tmux.resize('produce', 40)
      // One line of 39 columns, taken back each time: a line that wrapped would stay on the screen.
      await screenShows(/^\[=*> *\] \d+% [\d,]+ r\S*$/m)
      tmux.resize('produce', 100)
      tmux.press('produce', 'C-c')
      await screenShows(/^[\d,]+ records?, [\d.]+ MB, [\d,]+ records\/s$[\s\S]*ended with 130/m)
      const sent = /^([\d,]+) records?, [\d.]+ MB/m.exec(tmux.screen('produce'))?.[1]
      const { stdout } = await runMillrace(['topic', 'describe', 'lines', '-o', 'json'], broker)
      const { partitions }: { partitions: { end: number }[] } = JSON.parse(stdout)
      expect(partitions[0]?.end).toBe(Number(sent?.replaceAll(',', '')))
    },
  )

  it('draws nothing in a pipe', async () => {
    const { bootstrap } = broker
    expect(await runMillrace(['produce', 'piped', '--file', file], { bootstrap })).toMatchObject({
      code: 0,
      stdout: '',
      stderr: '',
    })
  })
})
