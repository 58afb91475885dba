/** WebSockets that listen, and note how late the records were. */
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { WebSocket } from 'ws'

/** What the sockets do. */
export interface ListeningOptions {
  readonly port: number
  readonly count: number
  readonly topic: string
  /** Records that a socket takes each second; without it as many as come. */
  readonly perSecond?: number
}

const MAX_CREDIT = 1_000_000
const CREDIT_TICK_MS = 100
/** The value of a record starts with when it was due: see `paced-load.ts`. */
const DUE = Buffer.from('"due":')

/** Open sockets with a subscription each. */
export class ListeningSockets implements AsyncDisposable {
  readonly #sockets: readonly WebSocket[]
  readonly #timer: NodeJS.Timeout | null
  /** How long a record of each frame had been due when the frame was here, in milliseconds. */
  readonly latenciesMs: number[] = []
  frameCount = 0

  private constructor(sockets: readonly WebSocket[], { count, perSecond }: ListeningOptions) {
    this.#sockets = sockets
    for (const socket of sockets) socket.on('message', (frame: Buffer) => this.#note(frame))
    if (perSecond === undefined) {
      this.#timer = null
      return
    }
    const records = Math.max(1, Math.round((perSecond * CREDIT_TICK_MS) / 1_000))
    let turn = 0
    // Every socket gets its credit at its own time within the tick, as so many pages would.
    this.#timer = setInterval(() => {
      for (let n = 0; n < Math.ceil(count / 10); n++) {
        const socket = sockets[turn++ % count]
        if (socket?.readyState === WebSocket.OPEN) socket.send(`{"type":"credit","records":${records}}`)
      }
    }, CREDIT_TICK_MS / 10)
  }

  static async open(options: ListeningOptions): Promise<ListeningSockets> {
    const sockets: WebSocket[] = []
    for (let index = 0; index < options.count; index++) {
      const socket = new WebSocket(`ws://127.0.0.1:${options.port}/v1/socket`, { perMessageDeflate: false })
      await once(socket, 'open')
      const credit = options.perSecond === undefined ? { credit: MAX_CREDIT } : {}
      socket.send(JSON.stringify({ type: 'subscribe', topics: [options.topic], from: 'end', ...credit }))
      await once(socket, 'message')
      sockets.push(socket)
    }
    return new ListeningSockets(sockets, options)
  }

  /** Starts to count anew. */
  reset(): void {
    this.latenciesMs.length = 0
    this.frameCount = 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    for (const socket of this.#sockets) socket.terminate()
    await wait(50)
  }

  #note(frame: Buffer): void {
    this.frameCount++
    const latencyMs = latencyIn(frame, performance.timeOrigin + performance.now())
    if (latencyMs !== null) this.latenciesMs.push(latencyMs)
  }
}

/**
 * How late one record of a frame is, picked at random so that every record counts the same over many frames; to look at all of
 * a hundred sockets would keep the core busy that they share with the load. Null when none says when it was due.
 */
export function latencyIn(frame: Buffer, nowMs: number): number | null {
  const ahead = frame.indexOf(DUE, Math.floor(Math.random() * frame.length))
  const at = ahead < 0 ? frame.lastIndexOf(DUE) : ahead
  if (at < 0) return null
  return nowMs - Number.parseFloat(frame.toString('latin1', at + DUE.length, at + DUE.length + 20))
}

/** The value below which `part` of all lies. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN
}
