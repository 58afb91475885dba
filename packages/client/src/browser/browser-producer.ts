import { type GatewayMessage, GatewaySocket } from './gateway-socket.ts'

/** One record to be sent. A value that is no text is sent as its JSON; `{ base64 }` as those bytes. */
export interface BrowserRecordInput {
  readonly key?: unknown
  readonly value?: unknown
  readonly headers?: readonly { readonly key: string; readonly value: unknown }[]
  readonly timestamp?: number | string
  readonly partition?: number
}

/** Where a record was written. */
export interface WrittenRecord {
  readonly partition: number
  readonly offset: number
}

interface Pending {
  resolve(records: readonly WrittenRecord[]): void
  reject(error: Error): void
}

/** Sends records through a gateway, over one WebSocket that is made again when it is needed. */
export class BrowserProducer {
  readonly #url: string
  readonly #pending = new Map<string, Pending>()
  #socket: Promise<GatewaySocket> | null = null
  #nextId = 0
  #isClosed = false

  constructor(url: string) {
    this.#url = url
  }

  /**
   * Resolves when the records are on stable storage. Rejects with the code of the gateway, or with CONNECTION_LOST: then
   * they may have been written or not, and only the page can know whether to send them again.
   */
  async send(topic: string, records: readonly BrowserRecordInput[]): Promise<readonly WrittenRecord[]> {
    if (this.#isClosed) throw withCode('CLOSED', 'the producer is closed')
    this.#socket ??= this.#open()
    const socket = await this.#socket
    const id = String(this.#nextId++)
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject })
      socket.send({ type: 'produce', id, topic, records })
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const socket = await this.#socket?.catch(() => null)
    socket?.close()
  }

  async #open(): Promise<GatewaySocket> {
    try {
      return await GatewaySocket.open(this.#url, {
        onMessage: (message) => this.#onMessage(message),
        onClosed: ({ reason }) => this.#onClosed(reason),
      })
    } catch (error) {
      this.#socket = null
      throw error
    }
  }

  #onMessage(message: GatewayMessage): void {
    const pending = this.#pending.get(String(message.id))
    this.#pending.delete(String(message.id))
    if (message.type === 'produced') pending?.resolve(message.records as WrittenRecord[])
    else pending?.reject(withCode(String(message.code), String(message.message)))
  }

  #onClosed(reason: string): void {
    this.#socket = null
    for (const { reject } of this.#pending.values()) reject(withCode('CONNECTION_LOST', reason))
    this.#pending.clear()
  }
}

function withCode(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}
