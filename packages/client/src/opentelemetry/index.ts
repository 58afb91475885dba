export type { OpenTelemetryApi, TracedSpan } from './open-telemetry-api.ts'
export { openTelemetry, type Tracing } from './tracing.ts'
