/** What the gateway does over plain HTTP, measured through sockets without an HTTP library: that would be the limit. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

const LINE_FEED = 0x0a
const CHUNK_BYTES = 256 * 1024

/** Requests of one record each, over so many connections with one request on its way; requests per second. */
export async function measureSingles(
  port: number,
  options: { readonly topic: string; readonly connections: number; readonly seconds: number },
): Promise<number> {
  const body = '{"key":"SFO","value":{"delay":12,"distance":500}}'
  const request =
    `POST /v1/topics/${options.topic}/records HTTP/1.1\r\nhost: localhost\r\n` +
    `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
  let answerCount = 0
  let isOver = false
  const sockets = await Promise.all(Array.from({ length: options.connections }, () => open(port)))
  const startMs = performance.now()
  const all = sockets.map(async (socket) => {
    socket.on('data', (chunk) => {
      // An answer fits one packet, and is the only one on its way.
      if (chunk.toString('latin1', 9, 12) !== '200') socket.destroy(new Error(chunk.toString('latin1')))
      answerCount++
      if (isOver) socket.end()
      else socket.write(request)
    })
    socket.write(request)
    await once(socket, 'close')
  })
  setTimeout(() => {
    isOver = true
  }, options.seconds * 1_000)
  await Promise.all(all)
  return answerCount / ((performance.now() - startMs) / 1_000)
}

/** One NDJSON body with so many lines; records per second, until the answer that all are written. */
export async function measureStream(
  port: number,
  options: { readonly topic: string; readonly count: number; readonly lines: 'records' | 'values' },
): Promise<number> {
  const line = (n: number): string => {
    const value = `{"delay":${n % 60},"distance":${500 + (n % 400)},"flight":${n}}`
    return options.lines === 'values' ? `${value}\n` : `{"key":"${AIRPORTS[n % 5]}","value":${value}}\n`
  }
  const chunks: Buffer[] = []
  let text = ''
  for (let n = 0; n < options.count; n++) {
    text += line(n)
    if (text.length < CHUNK_BYTES && n + 1 < options.count) continue
    chunks.push(Buffer.from(text))
    text = ''
  }
  const sizeBytes = chunks.reduce((sum, { length }) => sum + length, 0)
  const socket = await open(port)
  const answered = once(socket, 'data')
  const startMs = performance.now()
  socket.write(
    `POST /v1/topics/${options.topic}/records?lines=${options.lines} HTTP/1.1\r\nhost: localhost\r\n` +
      `content-type: application/x-ndjson\r\ncontent-length: ${sizeBytes}\r\nconnection: close\r\n\r\n`,
  )
  for (const chunk of chunks) if (!socket.write(chunk)) await once(socket, 'drain')
  const [answer] = (await answered) as [Buffer]
  const seconds = (performance.now() - startMs) / 1_000
  if (!answer.includes(`"records":${options.count}}`)) throw new Error(answer.toString())
  socket.destroy()
  return options.count / seconds
}

const AIRPORTS = ['SFO', 'LAX', 'JFK', 'ORD', 'ATL']

/** Reads a topic from its beginning to its end; records per second. */
export async function measureRead(port: number, topic: string, count: number): Promise<number> {
  const socket = await open(port)
  const startMs = performance.now()
  let lineCount = 0
  socket.on('data', (chunk) => {
    for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, at + 1)) lineCount++
  })
  socket.write(
    `GET /v1/topics/${topic}/records?from=beginning HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`,
  )
  await once(socket, 'close')
  const seconds = (performance.now() - startMs) / 1_000
  if (lineCount < count) throw new Error(`${lineCount} lines, and ${count} records were there`)
  return count / seconds
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  return socket
}
