import type { ByteStream, StreamReceiver } from '../network/network.ts'

/** A stream whose other end is the test. */
export class FakeStream implements ByteStream {
  readonly remoteAddress: string
  readonly remotePort = 1
  unsentBytes = 0
  isPaused = false
  isEnded = false
  isDestroyed = false
  receiver: StreamReceiver | null = null
  readonly written: string[] = []
  /** What is to be told when the bytes have left. Told at once, unless the test wants to tell. */
  holdsSent = false
  readonly heldSent: (() => void)[] = []

  constructor(remoteAddress = 'test') {
    this.remoteAddress = remoteAddress
  }

  start(receiver: StreamReceiver): void {
    this.receiver = receiver
  }

  write(buffers: readonly Buffer[], onSent?: () => void): void {
    this.written.push(Buffer.concat(buffers).toString())
    if (onSent === undefined) return
    if (this.holdsSent) this.heldSent.push(onSent)
    else onSent()
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
  }

  end(): void {
    this.isEnded = true
  }

  destroy(): void {
    this.isDestroyed = true
  }
}

/** Each word as a frame, its length in front. */
export function frames(...words: string[]): Buffer {
  return Buffer.concat(
    words.map((word) => {
      const length = Buffer.alloc(4)
      length.writeInt32BE(word.length)
      return Buffer.concat([length, Buffer.from(word)])
    }),
  )
}
