/** Ports of this machine: a free one, and waiting until one answers. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

/** A port that was free a moment ago. Something else may take it; a test that loses that race fails loudly. */
export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** Resolves when something on the loopback accepts connections; rejects when the child ends first or time is up. */
export async function waitForPort(
  port: number,
  { timeoutMs, child }: { timeoutMs: number; child?: ChildProcess },
): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs
  while (performance.now() < deadlineMs) {
    if (child !== undefined && (child.exitCode !== null || child.signalCode !== null)) {
      throw new Error(`the process ended with ${child.signalCode ?? child.exitCode} before it listened`)
    }
    if (await accepts(port)) return
    await wait(20)
  }
  throw new Error(`nothing listens on port ${port} after ${timeoutMs} ms`)
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const answer = (isListening: boolean): void => {
      socket.destroy()
      resolve(isListening)
    }
    socket.once('connect', () => answer(true))
    socket.once('error', () => answer(false))
  })
}
