import { once } from 'node:events'
import { type ClientOptions, WebSocket } from 'ws'

/** A message of the gateway, as JSON or as bytes. */
export type Received = { readonly json: Record<string, unknown>; readonly bytes: Buffer | null }

/** A WebSocket of a test: what it is told, in order. */
export class TestSocket implements AsyncDisposable {
  readonly socket: WebSocket
  readonly #received: Received[] = []
  #waiting: (() => void)[] = []

  private constructor(url: string, options: ClientOptions) {
    this.socket = new WebSocket(url, options)
    this.socket.on('message', (data: Buffer, isBinary) => {
      const json = isBinary ? {} : (JSON.parse(data.toString()) as Record<string, unknown>)
      this.#received.push({ json, bytes: isBinary ? data : null })
      for (const wake of this.#waiting.splice(0)) wake()
    })
  }

  static async open(port: number, options: ClientOptions = {}): Promise<TestSocket> {
    const opened = new TestSocket(`ws://127.0.0.1:${port}/v1/socket`, options)
    await once(opened.socket, 'open')
    return opened
  }

  say(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  }

  /** The next message. */
  async next(): Promise<Received> {
    for (;;) {
      const first = this.#received.shift()
      if (first !== undefined) return first
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  /** Says something and gives the next message. */
  async ask(message: unknown): Promise<Record<string, unknown>> {
    this.say(message)
    return (await this.next()).json
  }

  /** The values of the next records, over as many frames as that takes. */
  async values(count: number): Promise<unknown[]> {
    const values: unknown[] = []
    while (values.length < count) {
      const { json } = await this.next()
      if (json.type !== 'records') throw new Error(`expected records, got ${JSON.stringify(json)}`)
      values.push(...(json.records as { value: unknown }[]).map(({ value }) => value))
    }
    return values
  }

  /** Messages that came and were not asked for. */
  get unread(): number {
    return this.#received.length
  }

  async closed(): Promise<{ code: number; reason: string }> {
    const [code, reason] = (await once(this.socket, 'close')) as [number, Buffer]
    return { code, reason: reason.toString() }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return
    this.socket.terminate()
    await once(this.socket, 'close')
  }
}
