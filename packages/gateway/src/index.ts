export { type Gateway, startGateway } from './gateway.ts'
export type { GatewayLimits } from './gateway-limits.ts'
export { GatewayOptionError, type GatewayOptions } from './gateway-options.ts'
