/** Pipes the flights into `millrace produce`, at a pace that outlasts what happens to the broker meanwhile. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { LAUNCHER } from '../../packages/broker/compat/process/millrace-process.ts'
import { type Flight, readFlights } from './flights.ts'

const TICK_MS = 25
/** The part that is held back, and sent ever more slowly, until `mayFinish`. */
const HELD_BACK = 0.1

export interface PacedProduceOptions {
  readonly bootstrap: string
  readonly topic: string
  readonly count: number
  readonly flightsPerSecond: number
  /** While this is false the last tenth of the flights trickles instead of running out. */
  readonly mayFinish: () => boolean
}

export interface ProduceResult {
  readonly code: number | null
  readonly stderr: string
}

export async function producePaced(options: PacedProduceOptions): Promise<ProduceResult> {
  const { bootstrap, topic, count, flightsPerSecond, mayFinish } = options
  const args = [
    'produce',
    topic,
    '--key-field',
    'origin',
    '--timestamp-field',
    'time',
    '--bootstrap',
    bootstrap,
  ]
  const child = spawn(process.execPath, [LAUNCHER, ...args], { stdio: ['pipe', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  // When it ends early its exit code says so; the broken pipe is only how we notice.
  let isOpen = true
  child.stdin.on('error', () => {
    isOpen = false
  })
  const exited = once(child, 'exit')
  const flights = readFlights(count)
  let sent = 0
  while (isOpen && sent < count) {
    const wanted = mayFinish()
      ? Number.POSITIVE_INFINITY
      : Math.max(1, Math.min((flightsPerSecond * TICK_MS) / 1000, (count - sent) * 0.004))
    const isHeldBack = count - sent <= count * HELD_BACK
    const size = Math.ceil(isHeldBack ? wanted : (flightsPerSecond * TICK_MS) / 1000)
    const lines = await take(flights, Math.min(size, 20_000))
    sent += lines.length
    if (lines.length === 0) break
    if (!child.stdin.write(`${lines.join('\n')}\n`)) {
      await Promise.race([once(child.stdin, 'drain'), exited])
    }
    if (!mayFinish() || !isHeldBack) await wait(TICK_MS)
  }
  child.stdin.end()
  const [code] = (await exited) as [number | null]
  return { code, stderr }
}

async function take(flights: AsyncGenerator<Flight>, count: number): Promise<string[]> {
  const lines: string[] = []
  while (lines.length < count) {
    const { value, done } = await flights.next()
    if (done) break
    lines.push(value.line)
  }
  return lines
}
