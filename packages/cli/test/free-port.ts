import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below the ports that Linux and macOS hand out by themselves, and above those that programs are known by. */
const [LOWEST_PORT, HIGHEST_PORT] = [20_000, 32_000]

/** A port that nothing listens on, and that the system gives to nobody who asks for just any. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(LOWEST_PORT, HIGHEST_PORT)
    const server = createServer()
    const isFree = new Promise<boolean>((resolve) => {
      server.once('listening', () => resolve(true)).once('error', () => resolve(false))
    })
    server.listen(port, 'localhost')
    if (!(await isFree)) continue
    server.close()
    await once(server, 'close')
    return port
  }
}
