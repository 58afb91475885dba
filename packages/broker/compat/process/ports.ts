/** Ports of this machine: a free one, and waiting until one answers. */
import type { ChildProcess } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

/** Below the ports that Linux and macOS hand out by themselves, and above those that programs are known by. */
const LOWEST_PORT = 20_000
const HIGHEST_PORT = 32_000

/**
 * A port that nothing listens on. The system gives it to nobody who asks for just any port, so it stays free until it
 * is used, and while a broker is down between two lives.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(LOWEST_PORT, HIGHEST_PORT)
    const server = createServer()
    const isFree = new Promise<boolean>((resolve) => {
      server.once('listening', () => resolve(true))
      server.once('error', () => resolve(false))
    })
    server.listen(port, 'localhost')
    if (!(await isFree)) continue
    server.close()
    await once(server, 'close')
    return port
  }
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
