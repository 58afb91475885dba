import type { Client, ConsumerRecord, ReadFrom, ReadUntil, TopicMetadata } from '@millrace/client'
import { CommandError } from '../command-error.ts'
import type { ReplayArguments } from '../commands/replay.ts'
import { connect } from '../connection/connect.ts'
import { formatTime } from '../output/units.ts'
import { parsePosition } from '../position.ts'
import { wholeNumber } from '../read-argument.ts'
import { chooseFormat } from '../tail/choose-format.ts'
import { abortOnEndSignal, isInteractive, terminalColumns, writeNote } from '../terminal.ts'
import { openTarget, type ReplayTarget } from './replay-target.ts'
import { sendAtPace } from './send-at-pace.ts'
import { TimeOrderedReader } from './time-ordered-reader.ts'

const PROGRESS_MS = 250
const BAR_COLUMNS = 24

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
  const progress = new ReplayProgress(client, source, isInteractive() && !args.quiet)
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
  await sendAtPace({ records, speed, signal, send }, { nowMs: () => performance.now(), wait })
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
  })
}

/** Shows on a terminal where in history the replay is. */
class ReplayProgress {
  readonly #client: Client
  readonly #source: TopicMetadata
  readonly #isShown: boolean
  #total = 0
  #sent = 0
  #all = 0
  #shownMs = 0

  constructor(client: Client, source: TopicMetadata, isShown: boolean) {
    this.#client = client
    this.#source = source
    this.#isShown = isShown
  }

  /** Counts what there is to do; only where somebody looks. */
  async begin(from: ReadFrom, until: ReadUntil): Promise<void> {
    this.#sent = 0
    if (!this.#isShown) return
    await using reader = this.#client.read(this.#source.name, { from, until })
    const ranges = await reader.ranges()
    this.#total = ranges.reduce((sum, { start, end }) => sum + Math.max(0, end - start), 0)
  }

  add(records: number, timeMs: number): void {
    this.#sent += records
    this.#all += records
    const nowMs = performance.now()
    if (!this.#isShown || nowMs - this.#shownMs < PROGRESS_MS) return
    this.#shownMs = nowMs
    const part = this.#total === 0 ? 0 : Math.min(1, this.#sent / this.#total)
    const bar = '='.repeat(Math.round(part * BAR_COLUMNS)).padEnd(BAR_COLUMNS)
    const line = `[${bar}] ${Math.floor(part * 100)}% ${formatTime(timeMs)} ${this.#sent.toLocaleString('en')} records`
    // A line that wraps could not be taken back.
    writeNote(`\r\x1b[K${line.slice(0, terminalColumns() - 1)}`)
  }

  end(): void {
    if (this.#isShown) writeNote(`\r\x1b[K${this.#all.toLocaleString('en')} records replayed\n`)
  }
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
