import { flushCompileCache } from 'node:module'
import { type Broker, startBroker } from '@millrace/broker'
import type { ServeArguments } from '../commands/serve.ts'
import { abortOnEndSignal, isInteractive, printLine, writeNote } from '../terminal.ts'
import { readBrokerSettings } from './broker-settings.ts'
import { consoleLogger } from './console-logger.ts'
import { setUpHeap } from './heap-settings.ts'
import { parseHostPort } from './host-port.ts'
import { listenError } from './listen-error.ts'
import { startHttp, startHttpIfFree } from './start-http.ts'

const DEFAULT_DATA_DIR = './data'

/**
 * Loading HTTP takes the event loop for some 30 ms: nobody waits for it, and somebody may wait for the
 * first answer of the broker.
 */
const QUIET_MS = 150

/** Starts a broker, says where it listens, and ends it on SIGTERM or Ctrl-C. */
export async function runServe(args: ServeArguments): Promise<void> {
  setUpHeap()
  const nodes = args.nodes === undefined ? [] : [`millrace.nodes=${args.nodes}`]
  const config = readBrokerSettings(args.config, [...args.set, ...nodes])
  const dataDir = args.data ?? config['log.dirs'] ?? DEFAULT_DATA_DIR
  const logger = consoleLogger(args['log-level'])
  const signal = abortOnEndSignal()
  const listen = args.listen === undefined ? {} : parseHostPort('--listen', args.listen)
  const opening = startBroker({ ...listen, dataDir, config, logger }).catch((error: unknown) => {
    throw explainStart(error, args.listen)
  })
  // HTTP that was asked for is there first: while the broker loads what it keeps, `/readyz` says so.
  const [http, started] = await Promise.allSettled([
    typeof args.http === 'string' ? startHttp(opening, args.http, args, logger) : null,
    opening,
  ])
  if (started.status === 'rejected') throw started.reason
  const broker = started.value
  try {
    if (http.status === 'rejected') throw http.reason
    await printLine(`Millrace listening on ${broker.bootstrapServers}`)
    if (http.value !== null && asksForAnyPort(args.http)) writeNote(`millrace: HTTP on ${http.value}\n`)
    warnOfOpenListener(broker)
    const ended = untilEnded(broker, signal)
    await Promise.race([ended, pause(QUIET_MS)])
    if (!signal.aborted) {
      const url = args.http === undefined ? await startHttpIfFree(broker, args, logger) : null
      if (isInteractive()) writeNote(whatToTryNext(broker, dataDir, url))
    }
    // A broker that is killed later would leave nothing in the cache.
    flushCompileCache()
    await ended
  } finally {
    await broker.close()
  }
}

/** Nobody can know which one it was. */
function asksForAnyPort(http: ServeArguments['http']): boolean {
  return typeof http === 'string' && http.endsWith(':0')
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

async function untilEnded(broker: Broker, signal: AbortSignal): Promise<void> {
  if (signal.aborted) await broker.close()
  else signal.addEventListener('abort', () => void broker.close().catch(() => {}), { once: true })
  await broker.closed
}

function explainStart(error: unknown, listen: string | undefined): unknown {
  const isPlaced = error instanceof Error && 'port' in error && 'address' in error
  const where = isPlaced ? `${error.address}:${error.port}` : (listen ?? 'localhost:9092')
  return listenError(error, { where, flag: '--listen' }) ?? error
}

function whatToTryNext({ bootstrapServers }: Broker, dataDir: string, url: string | null): string {
  const flag = bootstrapServers === 'localhost:9092' ? '' : ` --bootstrap ${bootstrapServers}`
  return [
    `Records are kept in ${dataDir}. Ctrl-C ends the broker. In another terminal, try:`,
    `  echo hello | npx millrace produce greetings${flag}`,
    `  npx millrace tail greetings${flag}`,
    ...(url === null ? [] : [`  curl ${url}/v1/topics`]),
    '',
  ].join('\n')
}

/** Whoever reaches the port can do everything: fine on this machine, worth a word beyond it. */
function warnOfOpenListener({ brokers }: Broker): void {
  const open = brokers.find(({ host }) => !isLoopback(host))
  if (open === undefined) return
  writeNote(
    `millrace: whoever can reach ${open.host}:${open.port} can read and write everything: no passwords are asked\n`,
  )
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
