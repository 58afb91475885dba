/** `@millrace/client/browser`: read and write topics from a web page, through a gateway. Needs nothing but a WebSocket. */
import { BrowserProducer } from './browser-producer.ts'
import { BrowserReader, type BrowserReadOptions } from './browser-reader.ts'

export type { BrowserRecordInput, WrittenRecord } from './browser-producer.ts'
export { BrowserProducer } from './browser-producer.ts'
export type { BrowserReadOptions, BrowserRecord, ResumePositions } from './browser-reader.ts'
export { BrowserReader } from './browser-reader.ts'

/** Reads topics. `url` is that of the gateway's WebSocket: `ws://localhost:9080/v1/socket`. */
export function read(url: string, options: BrowserReadOptions): BrowserReader {
  return new BrowserReader(url, options)
}

/** Makes a producer. Nothing is connected before the first record. */
export function producer(url: string): BrowserProducer {
  return new BrowserProducer(url)
}
