/** From most to least talkative. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/**
 * Structured logs: one line per change of state, none per record. The shape is pino's, so a pino logger
 * can be handed in as it is. Whoever builds a costly line asks `isLevelEnabled` first.
 */
export interface Logger {
  isLevelEnabled(level: LogLevel): boolean
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** Says nothing: the default of an embedded broker, whose host decides what is logged. */
export const silentLogger: Logger = {
  isLevelEnabled: () => false,
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
}
