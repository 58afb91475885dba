import type { GatewayServices } from '../gateway-services.ts'
import type { Exchange } from '../http/exchange.ts'

/** Answers one request. What it throws becomes the answer. */
export type Handler = (services: GatewayServices, exchange: Exchange) => void | Promise<void>
