/**
 * `npm run soak:gateway [-- --seconds N --sockets N --per-second N]`: a thousand WebSockets on one topic for ten minutes, of
 * which every tenth reads slowly. Ends with 1 when a fast one is late, one misses a record, has one twice or is closed, or
 * memory grows.
 */
import process from 'node:process'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createClient } from '@millrace/client'
import { MillraceProcess } from '../packages/broker/compat/process/millrace-process.ts'
import { freePort } from '../packages/broker/compat/process/ports.ts'
import { BareWebSocket } from './gateway/bare-web-socket.ts'
import { LatencyHistogram } from './gateway/latency-histogram.ts'
import { latencyIn } from './gateway/listening-sockets.ts'
import { sendPaced } from './gateway/paced-load.ts'
import { cpuSeconds, residentMegabytes } from './harness/process-cpu.ts'

const { values: args } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    sockets: { type: 'string', default: '1000' },
    'per-second': { type: 'string', default: '1000' },
  },
})

const TOPIC = 'soak'
const MAX_P99_MS = 50
/** Above what the broker held when all sockets were open and the load had gone on for a while. */
const MAX_GROWTH_MB = 200
const FAST_CREDIT = 1_000_000
const SLOW_PER_SECOND = 50
const WARM_UP_SECONDS = 5
/** How long after the last acknowledgement a fast one may still be without the last record. */
const MAX_DRAIN_MS = 10_000
const DUE = Buffer.from('"due":')
const OFFSET = Buffer.from('"offset":')
const NEXT = Buffer.from('"next":{"0":')

interface Listener {
  readonly socket: BareWebSocket
  readonly isSlow: boolean
  readonly isCounting: boolean
  /** Of the only partition, where the records go on. */
  next: number
}

const seconds = Number(args.seconds)
const count = Number(args.sockets)
const perSecond = Number(args['per-second'])

const port = await freePort()
await using broker = await MillraceProcess.start({ args: ['--http', `localhost:${port}`] })
await using client = createClient({ bootstrapServers: broker.bootstrap })
await client.admin.createTopics([{ name: TOPIC }])

const latencies = new LatencyHistogram()
let faultCount = 0
let isMeasuring = false
const listeners: Listener[] = []
for (let index = 0; index < count; index++) listeners.push(await open(index % 10 === 9))

await sendPaced(client, { topic: TOPIC, perSecond, seconds: Math.min(WARM_UP_SECONDS, seconds) })
isMeasuring = true
const memoryBefore = residentMegabytes(broker.pid)
const [cpuBefore, startMs] = [cpuSeconds(broker.pid), performance.now()]
const memory: number[] = []
const watch = setInterval(() => memory.push(residentMegabytes(broker.pid)), 500)
const slow = setInterval(feedTheSlow, 1_000)
const written = await sendPaced(client, { topic: TOPIC, perSecond, seconds })
clearInterval(watch)
clearInterval(slow)
const cpu = (100 * (cpuSeconds(broker.pid) - cpuBefore)) / ((performance.now() - startMs) / 1_000)
const sent = perSecond * (seconds + Math.min(WARM_UP_SECONDS, seconds))
const endMs = performance.now()
// What this process has not read yet is not lost: it shares two cores with the broker. What is stuck stays.
while (behindCount() > 0 && performance.now() - endMs < MAX_DRAIN_MS) await wait(50)
const [behind, drainMs] = [behindCount(), performance.now() - endMs]
for (const { socket } of listeners) socket.end()

const p99 = latencies.quantile(0.99)
const growth = Math.max(...memory) - memoryBefore
/** The most that was there in each quarter of the time: what grows without end grows in all of them. */
const quarters = [0, 1, 2, 3].map((quarter) =>
  Math.max(...memory.slice((quarter * memory.length) / 4, ((quarter + 1) * memory.length) / 4)).toFixed(0),
)
const closedCount = listeners.filter(({ socket }) => socket.closeCode !== null).length
process.stdout.write(
  [
    `${count} WebSockets, ${perSecond} records/s, ${seconds} s: p50 ${latencies.quantile(0.5).toFixed(1)} ms, ` +
      `p99 ${p99.toFixed(1)} ms, max ${latencies.max.toFixed(0)} ms over ${latencies.count} frames to fast ones`,
    `written and synced after: p50 ${written.quantile(0.5).toFixed(1)} ms, p99 ${written.quantile(0.99).toFixed(1)} ms, max ${written.max.toFixed(0)} ms`,
    `broker: ${cpu.toFixed(0)} % of a core, ${memoryBefore.toFixed(0)} MB, at most ${growth.toFixed(0)} MB more; by quarters ${quarters.join(', ')} MB`,
    `${faultCount} records missing or twice, ${closedCount} sockets closed, ${behind} fast ones without the last record ${drainMs.toFixed(0)} ms after it was sent`,
    '',
  ].join('\n'),
)
const isGood =
  p99 <= MAX_P99_MS && growth <= MAX_GROWTH_MB && faultCount === 0 && closedCount === 0 && behind === 0
process.exitCode = isGood ? 0 : 1

async function open(isSlow: boolean): Promise<Listener> {
  let onText = (_text: Buffer): void => {}
  const socket = await BareWebSocket.open(port, (text) => onText(text))
  const listener = { socket, isSlow, isCounting: isSlow || listeners.length % 50 === 0, next: 0 }
  const subscribed = new Promise<void>((resolve) => {
    // The answer to the subscription; the records come behind it.
    onText = () => {
      onText = (frame) => take(listener, frame)
      resolve()
    }
  })
  // Of the slow ones every second says how little it takes; the others take everything, and then do not read it.
  const isShy = isSlow && listeners.length % 20 === 9
  const credit = isShy ? SLOW_PER_SECOND : FAST_CREDIT
  socket.say(JSON.stringify({ type: 'subscribe', topics: [TOPIC], from: 'beginning', credit }))
  await subscribed
  if (isSlow && !isShy) socket.pause()
  return listener
}

function behindCount(): number {
  return listeners.filter(({ isSlow, next }) => !isSlow && next !== sent).length
}

function take(listener: Listener, frame: Buffer): void {
  const { isCounting, isSlow } = listener
  const next = Number.parseInt(textAfter(frame, NEXT), 10)
  if (Number.parseInt(textAfter(frame, OFFSET), 10) !== listener.next) faultCount++
  // What is between first and last is the same bytes for all fast ones: to count it everywhere would take all of the core.
  if (isCounting && listener.next + countOf(frame, DUE) !== next) faultCount++
  listener.next = next
  if (isSlow || !isMeasuring) return
  const latencyMs = latencyIn(frame, performance.timeOrigin + performance.now())
  if (latencyMs !== null) latencies.record(latencyMs)
}

function countOf(frame: Buffer, mark: Buffer): number {
  let count = 0
  for (let at = frame.indexOf(mark); at >= 0; at = frame.indexOf(mark, at + mark.length)) count++
  return count
}

function textAfter(frame: Buffer, mark: Buffer): string {
  const start = frame.indexOf(mark) + mark.length
  return frame.toString('latin1', start, start + 20)
}

/** Once a second: a little credit for some, a moment of reading for the others. */
function feedTheSlow(): void {
  for (const { isSlow, socket } of listeners) {
    if (!isSlow) continue
    if (!socket.isPaused) {
      socket.say(`{"type":"credit","records":${SLOW_PER_SECOND}}`)
      continue
    }
    socket.resume()
    setTimeout(() => socket.pause(), 5)
  }
}
