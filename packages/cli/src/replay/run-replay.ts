import type { Client, ConsumerRecord, ReadFrom, ReadUntil } from '@millrace/client'
import { CommandError } from '../command-error.ts'
import type { ReplayArguments } from '../commands/replay.ts'
import { connect } from '../connection/connect.ts'
import { waitFor } from '../pace.ts'
import { parsePosition } from '../position.ts'
import { wholeNumber } from '../read-argument.ts'
import { chooseFormat } from '../tail/choose-format.ts'
import { abortOnEndSignal, isInteractive, isOutputTerminal } from '../terminal.ts'
import { ReplayProgress } from './replay-progress.ts'
import { openTarget, type ReplayTarget } from './replay-target.ts'
import { sendAtPace } from './send-at-pace.ts'
import { TimeOrderedReader } from './time-ordered-reader.ts'

/** Sends the history of a topic again. */
export async function runReplay(args: ReplayArguments): Promise<void> {
  const speed = parseSpeed(args.speed)
  const times = wholeNumber('--times', args.times, 1)
  const format = await chooseFormat({
    format: args.format,
    output: args.output ?? 'raw',
    showsTopic: false,
  })
  const from = parsePosition('--from', args.from, Date.now())
  const until = parseUntil(args.until)
  const signal = abortOnEndSignal()
  await using client = await connect(args)
  const source = await client.admin.describeTopic(args.topic)
  const target = await openTarget(client, args.to, source, format)
  // Records that are shown tell by themselves where in history the replay is.
  const isShown = isInteractive() && !args.quiet && !(args.to === 'stdout' && isOutputTerminal())
  using progress = new ReplayProgress(client, args.topic, isShown)
  for (let time = 1; time <= times && !signal.aborted; time++) {
    await progress.begin(from, until)
    await replayOnce({ client, topic: args.topic, from, until, speed, signal, target, progress })
  }
  await target.close()
  progress.end()
}

interface ReplayRun {
  readonly client: Client
  readonly topic: string
  readonly from: ReadFrom
  readonly until: ReadUntil
  readonly speed: number
  readonly signal: AbortSignal
  readonly target: ReplayTarget
  readonly progress: ReplayProgress
}

async function replayOnce({
  client,
  topic,
  from,
  until,
  speed,
  signal,
  target,
  progress,
}: ReplayRun): Promise<void> {
  await using records = await TimeOrderedReader.open(client, topic, { from, until, signal })
  const send = async (due: readonly ConsumerRecord[], timeMs: number): Promise<void> => {
    await target.send(due)
    progress.add(due.length, timeMs)
  }
  await sendAtPace({ records, speed, signal, send }, { nowMs: () => performance.now(), wait: waitFor })
}

function parseSpeed(text: string): number {
  if (text === 'max') return Number.POSITIVE_INFINITY
  const speed = Number(text)
  if (speed > 0 && Number.isFinite(speed)) return speed
  throw new CommandError(`--speed ${text}: expected a number above 0, or max`)
}

function parseUntil(text: string): ReadUntil {
  const position = parsePosition('--until', text, Date.now())
  if (position !== 'beginning' && !(typeof position === 'number' && position < 0)) return position
  throw new CommandError(`--until ${text}: expected end, an offset, or a time`)
}
