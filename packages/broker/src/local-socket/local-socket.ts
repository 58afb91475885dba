import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import process from 'node:process'
import type { Logger } from '../observability.ts'
import { socketPlaceOf } from './socket-path.ts'

/** What may be asked: each gives one JSON document. */
export type LocalAnswers = Readonly<Record<string, (argument: string) => unknown>>

/** An open local socket. */
export interface LocalSocket {
  close(): Promise<void>
}

const MAX_CONNECTIONS = 16
/** A word, and with it perhaps the name of a group. */
const MAX_REQUEST_BYTES = 64 * 1024
const TIMEOUT_MS = 5_000

/**
 * Answers whoever may read the data directory, on this machine: `millrace stats` and `millrace clients`. A client
 * sends a word, perhaps a blank and an argument in JSON, and a newline; it gets one JSON document and the end of the
 * connection. Mode 0600: for the user
 * that the broker runs as. Never fails a start: a broker that cannot be asked still serves.
 */
export async function openLocalSocket(
  dataDir: string,
  answers: LocalAnswers,
  logger: Logger,
): Promise<LocalSocket | null> {
  const { path, pointerPath } = socketPlaceOf(dataDir)
  const server = createServer((socket) => serve(socket, answers))
  server.maxConnections = MAX_CONNECTIONS
  // Whatever lies there is a dead broker's: this one holds the lock of the directory.
  const remove = (): void => {
    if (process.platform !== 'win32') rmSync(path, { force: true })
    if (pointerPath !== null) rmSync(pointerPath, { force: true })
  }
  try {
    remove()
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(path, resolve)
    })
    if (process.platform !== 'win32') chmodSync(path, 0o600)
    if (pointerPath !== null) writeFileSync(pointerPath, path, { mode: 0o600 })
  } catch (error) {
    logger.warn({ path, reason: String(error) }, 'no local socket: stats and clients cannot be asked for')
    server.close()
    return null
  }
  server.on('error', () => {})
  server.unref()
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          remove()
          resolve()
        })
      }),
  }
}

function serve(socket: Socket, answers: LocalAnswers): void {
  let received = ''
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy())
  socket.on('error', () => {})
  socket.setEncoding('utf8')
  socket.on('data', (text: string) => {
    received += text
    const end = received.indexOf('\n')
    if (end === -1 && received.length <= MAX_REQUEST_BYTES) return
    socket.removeAllListeners('data')
    void answerTo(received.slice(0, end === -1 ? 0 : end).trim(), answers).then((document) =>
      socket.end(`${JSON.stringify(document)}\n`),
    )
  })
}

async function answerTo(request: string, answers: LocalAnswers): Promise<unknown> {
  const [, word = '', rest = ''] = /^(\S*)\s*(.*)$/.exec(request) ?? []
  const answer = Object.hasOwn(answers, word) ? answers[word] : undefined
  if (answer === undefined) return { error: `ask for one of ${Object.keys(answers).join(', ')}` }
  try {
    return await answer(rest === '' ? '' : String(JSON.parse(rest)))
  } catch (error) {
    return { error: String(error) }
  }
}
