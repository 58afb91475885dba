/** Where a log says what happened to it: one line for each change of state, none per record. Pino's shape. */
export interface StorageLogger {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export const silentLogger: StorageLogger = { info: () => {}, warn: () => {}, error: () => {} }
