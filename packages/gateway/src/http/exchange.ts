import type { IncomingMessage, ServerResponse } from 'node:http'
import { HttpError } from './http-error.ts'

/** What an exchange is made of. */
export interface ExchangeInput {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly url: URL
  readonly params: Readonly<Record<string, string>>
}

/** One request and its response, as handlers see them. */
export class Exchange {
  readonly request: IncomingMessage
  readonly url: URL
  readonly params: Readonly<Record<string, string>>
  readonly #response: ServerResponse
  #isOver = false
  #over: AbortController | null = null

  constructor({ request, response, url, params }: ExchangeInput) {
    this.request = request
    this.url = url
    this.params = params
    this.#response = response
    response.once('close', () => {
      this.#isOver = true
      this.#over?.abort()
    })
  }

  /** Whether the response is finished, or its reader is gone. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Aborted then. Made when it is asked for: most requests are over before anybody could wait for that. */
  get signal(): AbortSignal {
    this.#over ??= new AbortController()
    if (this.#isOver) this.#over.abort()
    return this.#over.signal
  }

  get isStarted(): boolean {
    return this.#response.headersSent
  }

  /** A part of the path that the route names. */
  param(name: string): string {
    const value = this.params[name]
    if (value === undefined) throw new HttpError(404, 'NOT_FOUND', `the path names no ${name}`)
    return value
  }

  /** Answers with a JSON document. */
  json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void {
    this.text(status, `${JSON.stringify(body)}\n`, { 'content-type': 'application/json', ...headers })
  }

  /** Answers with a text as a whole. */
  text(status: number, body: string, headers: Readonly<Record<string, string>>): void {
    const bytes = Buffer.from(body)
    this.#response.writeHead(status, { ...headers, 'content-length': String(bytes.length) })
    this.#response.end(this.request.method === 'HEAD' ? undefined : bytes)
  }

  /** Answers without a body. */
  empty(status: number): void {
    this.#response.writeHead(status)
    this.#response.end()
  }

  /** Begins an answer whose length is not known. */
  start(status: number, headers: Readonly<Record<string, string>>): void {
    this.#response.writeHead(status, headers)
    this.#response.flushHeaders()
  }

  /** Whether nothing written waits for the reader. */
  get isDrained(): boolean {
    return !this.#response.writableNeedDrain
  }

  /** Writes a part of the answer. Resolves when its reader wants more, or is gone: `signal` tells. */
  write(chunk: string | Buffer): Promise<void> {
    if (this.#isOver || this.#response.write(chunk)) return Promise.resolve()
    return new Promise((resolve) => {
      const done = (): void => {
        this.#response.removeListener('drain', done)
        this.#response.removeListener('close', done)
        resolve()
      }
      this.#response.on('drain', done)
      this.#response.on('close', done)
    })
  }

  end(): void {
    this.#response.end()
  }

  /** Cuts an answer off that cannot be finished: the reader must not take it for a whole one. */
  destroy(): void {
    this.#response.destroy()
  }
}
