import { existsSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { socketPlaceOf } from './socket-path.ts'

/** Nobody answers for that data directory. The message says what to do. */
export class NoLocalBrokerError extends Error {
  override readonly name = 'NoLocalBrokerError'
}

const TIMEOUT_MS = 5_000

/**
 * Asks the broker that holds a data directory: `metrics`, `clients`, `snapshot`, or `group` with its name as
 * the argument. Rejects with a
 * NoLocalBrokerError when none runs there.
 */
export async function askLocalBroker(dataDir: string, word: string, argument?: string): Promise<unknown> {
  const { path, pointerPath } = socketPlaceOf(dataDir)
  if (pointerPath !== null && !existsSync(pointerPath)) throw noBroker(dataDir)
  const request = argument === undefined ? word : `${word} ${JSON.stringify(argument)}`
  const text = await exchange(pointerPath === null ? path : readFileSync(pointerPath, 'utf8'), request).catch(
    (cause: unknown) => {
      throw noBroker(dataDir, cause)
    },
  )
  return JSON.parse(text)
}

function exchange(path: string, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect(path, () => socket.write(`${request}\n`))
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('no answer in time')))
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('error', reject)
    socket.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')))
  })
}

function noBroker(dataDir: string, cause?: unknown): NoLocalBrokerError {
  const message = `no broker runs on the data directory ${dataDir}: start one with millrace serve --data ${dataDir}`
  return new NoLocalBrokerError(message, { cause })
}
