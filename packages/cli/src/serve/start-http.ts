import type { Broker, Logger } from '@millrace/broker'
import { CommandError } from '../command-error.ts'
import type { ServeArguments } from '../commands/serve.ts'
import { writeNote } from '../terminal.ts'
import { parseHostPort } from './host-port.ts'
import { listenError } from './listen-error.ts'

type HttpArguments = Pick<ServeArguments, 'allow-origin' | 'allow-host' | 'insecure'>

const DEFAULT_ADDRESS = 'localhost:9080'

/**
 * Opens HTTP where `--http` says, also before the broker has loaded; that it cannot is an error. Gives the URL. It
 * closes with the broker.
 */
export async function startHttp(
  broker: Broker | Promise<Broker>,
  address: string,
  args: HttpArguments,
  logger: Logger,
): Promise<string> {
  const { startGateway } = await import('@millrace/gateway')
  try {
    const gateway = await startGateway(broker, {
      ...parseHostPort('--http', address),
      allowedOrigins: args['allow-origin'],
      allowedHosts: args['allow-host'],
      insecure: args.insecure,
      logger,
    })
    return gateway.url
  } catch (error) {
    throw listenError(error, { where: address, flag: '--http' }) ?? error
  }
}

/** Opens HTTP at its usual address. Somebody may be there already: then the broker goes without, and says so. */
export async function startHttpIfFree(
  broker: Broker,
  args: HttpArguments,
  logger: Logger,
): Promise<string | null> {
  try {
    return await startHttp(broker, DEFAULT_ADDRESS, args, logger)
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    writeNote(`millrace: no HTTP: ${error.message}\n`)
    return null
  }
}
