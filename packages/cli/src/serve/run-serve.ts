import { flushCompileCache } from 'node:module'
import { type Broker, type StartBrokerOptions, startBroker } from '@millrace/broker'
import { CommandError } from '../command-error.ts'
import type { ServeArguments } from '../commands/serve.ts'
import { abortOnEndSignal, isInteractive, printLine, writeNote } from '../terminal.ts'
import { readBrokerSettings } from './broker-settings.ts'
import { consoleLogger } from './console-logger.ts'

const DEFAULT_DATA_DIR = './data'

/** Starts a broker, says where it listens, and ends it on SIGTERM or Ctrl-C. */
export async function runServe(args: ServeArguments): Promise<void> {
  const config = readBrokerSettings(args.config, args.set)
  const dataDir = args.data ?? config['log.dirs'] ?? DEFAULT_DATA_DIR
  const signal = abortOnEndSignal()
  const broker = await startBroker({
    ...listenOptions(args.listen),
    dataDir,
    config,
    logger: consoleLogger(args['log-level']),
  }).catch((error: unknown) => {
    throw explainStart(error, args.listen)
  })
  await printLine(`Millrace listening on ${broker.bootstrapServers}`)
  if (isInteractive()) writeNote(whatToTryNext(broker, dataDir))
  // A broker that is killed later would leave nothing in the cache.
  flushCompileCache()
  await untilEnded(broker, signal)
}

function listenOptions(listen: string | undefined): Pick<StartBrokerOptions, 'host' | 'port'> {
  if (listen === undefined) return {}
  const match = /^(?:\[([^\]]+)\]|([^:\s]*)):(\d{1,5})$/.exec(listen)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  if (host === undefined || host === '' || port > 65535) {
    throw new CommandError(`--listen ${listen}: expected HOST:PORT, for example localhost:9092`)
  }
  return { host, port }
}

async function untilEnded(broker: Broker, signal: AbortSignal): Promise<void> {
  if (signal.aborted) await broker.close()
  else signal.addEventListener('abort', () => void broker.close().catch(() => {}), { once: true })
  await broker.closed
}

/** The system's own words for what it would not bind are short of what to do about it. */
function explainStart(error: unknown, listen: string | undefined): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error
  const where =
    'port' in error && 'address' in error ? `${error.address}:${error.port}` : (listen ?? 'localhost:9092')
  if (error.code === 'EADDRINUSE') {
    return new CommandError(
      `${where} is in use: stop what listens there, or choose another address with --listen`,
    )
  }
  if (error.code === 'EADDRNOTAVAIL') {
    return new CommandError(`${where} is no address of this machine: choose another one with --listen`)
  }
  if (error.code === 'EACCES' && 'port' in error) {
    return new CommandError(`${where} may not be bound by this user: choose a port from 1024 with --listen`)
  }
  if (error.code === 'ENOTFOUND')
    return new CommandError(`${where}: no such host, choose another one with --listen`)
  return error
}

function whatToTryNext({ bootstrapServers }: Broker, dataDir: string): string {
  const flag = bootstrapServers === 'localhost:9092' ? '' : ` --bootstrap ${bootstrapServers}`
  return [
    `Records are kept in ${dataDir}. Ctrl-C ends the broker. In another terminal, try:`,
    `  echo hello | millrace produce greetings${flag}`,
    `  millrace tail greetings${flag}`,
    '',
  ].join('\n')
}
