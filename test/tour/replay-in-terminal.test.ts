/** `millrace replay` in a real terminal, which tmux plays: where in history it is. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  LAUNCHER,
  MillraceProcess,
  runMillrace,
} from '../../packages/broker/compat/process/millrace-process.ts'
import { WebSocketSink } from '../../packages/cli/test/websocket-sink.ts'
import { Tmux } from './tmux.ts'

const tmux = new Tmux(`millrace-replay-${process.pid}`)
const isRequired = process.env.MILLRACE_REQUIRE_CLIENTS === '1'
const isHere = Tmux.isHere()
/** One record each 20 ms for eight seconds. */
const LINES = Array.from({ length: 400 }, (_, i) => `{"n":${i},"time":${978307200000 + i * 20}}\n`)

describe(`millrace replay in a terminal${isHere ? '' : ': tmux is not on the PATH'}`, () => {
  let broker: MillraceProcess
  beforeAll(async () => {
    broker = await MillraceProcess.start()
    const { bootstrap } = broker
    await runMillrace(['produce', 'history', '--timestamp-field', 'time'], {
      bootstrap,
      input: LINES.join(''),
    })
  })
  afterAll(async () => {
    if (isHere) tmux.run('kill-server')
    await broker?.close()
  })

  const type = (session: string, args: string): void => {
    const command = `${process.execPath} ${LAUNCHER} replay ${args} --bootstrap ${broker.bootstrap}`
    tmux.type(session, `clear; ${command}; echo "ended with $?"`)
  }

  it.runIf(isHere || isRequired)(
    'shows where in history it is within the width, also after a resize, and a summary at the end',
    async () => {
      tmux.open('replay', 100)
      // Slow enough that the bar is still there whenever it is looked at.
      type('replay', 'history --to again --speed 0.05')
      await tmux.screenShows('replay', /^\[=*> *\] \d+% 2001-01-01 \d\d:\d\d:\d\d\S* [\d,]+ records$/m)
      tmux.resize('replay', 40)
      await tmux.screenShows('replay', /^\[=*> *\] \d+% 2001-01-\S*$/m)
      tmux.press('replay', 'C-c')
      await tmux.screenShows('replay', /^\d+ records? replayed\s*\nended with 0/m)
      // The bar is gone at the end, and nothing of it is left above.
      type('replay', 'history --to again --speed 4')
      await tmux.screenShows('replay', /^\s*400 records replayed\s*\nended with 0/)
    },
  )

  it.runIf(isHere || isRequired)('takes the bar back when Ctrl-C or a failure ends it', async () => {
    tmux.open('ended', 100)
    type('ended', 'history --to again --speed 0.05')
    await tmux.screenShows('ended', /^\[.*\] \d+% /m)
    tmux.press('ended', 'C-c')
    await tmux.screenShows('ended', /^\s*\d+ records? replayed\s*\nended with 0/)
    await using sink = await WebSocketSink.start()
    type('ended', `history --to ${sink.url} --speed 0.05`)
    await tmux.screenShows('ended', /^\[.*\] \d+% /m)
    sink.cutOff()
    await tmux.screenShows('ended', /^\s*millrace: [^[]+\s*ended with 1/)
  })

  it.runIf(isHere || isRequired)('lets the records that it shows speak for themselves', async () => {
    const { bootstrap } = broker
    await runMillrace(['produce', 'shown', '--timestamp-field', 'time'], {
      bootstrap,
      input: LINES.slice(0, 3).join(''),
    })
    tmux.open('shown', 100)
    type('shown', 'shown')
    await tmux.screenShows('shown', /ended with 0/)
    expect(tmux.screen('shown')).toContain(`${LINES.slice(0, 3).join('')}ended with 0\n`)
    expect(tmux.screen('shown')).not.toContain('[')
  })
})
