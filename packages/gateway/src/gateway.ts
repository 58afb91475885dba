import type { Broker } from '@millrace/broker'
import { type GatewayOptions, resolveGatewayOptions } from './gateway-options.ts'
import { GatewayServices } from './gateway-services.ts'
import { HttpServer } from './http/http-server.ts'
import { RequestDispatcher } from './request-dispatcher.ts'

/** A running gateway. */
export interface Gateway extends AsyncDisposable {
  readonly host: string
  readonly port: number
  /** `http://HOST:PORT` */
  readonly url: string
  /** Answers what was accepted, for at most a second, and closes. The broker stays. Idempotent. */
  close(): Promise<void>
}

/**
 * Opens HTTP, SSE and WebSocket in front of a broker of this process. Resolves when it listens: a broker that is
 * still loading may be given as a promise, and until then `/readyz` says so. Rejects with a GatewayOptionError or
 * the system's error (a port in use). It closes by itself with the broker.
 */
export async function startGateway(
  broker: Broker | Promise<Broker>,
  options: GatewayOptions = {},
): Promise<Gateway> {
  const settings = resolveGatewayOptions(options)
  const services = new GatewayServices(settings)
  const dispatcher = new RequestDispatcher(services)
  const server = await HttpServer.open(settings, dispatcher)
  let closing: Promise<void> | null = null
  const close = (): Promise<void> => {
    closing ??= closeGateway(server, dispatcher, services)
    return closing
  }
  const follow = async (): Promise<void> => {
    const running = await broker
    services.setState({ kind: 'running', broker: running })
    await running.closed
  }
  // Why a broker does not start, or failed, its owner is told; here it only has ended.
  void follow()
    .catch(() => {})
    .then(() => {
      services.setState({ kind: 'ended', reason: 'the broker has ended' })
      return close()
    })
  const host = settings.host.includes(':') ? `[${settings.host}]` : settings.host
  return {
    host: settings.host,
    port: server.port,
    url: `http://${host}:${server.port}`,
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function closeGateway(
  server: HttpServer,
  dispatcher: RequestDispatcher,
  services: GatewayServices,
): Promise<void> {
  const { clock, limits } = services.settings
  const closed = server.close()
  await dispatcher.close()
  const late = clock.after(limits.closeGraceMs, () => server.destroyConnections())
  await closed
  late.cancel()
  await services.close()
}
