import type { Logger, LogLevel } from '@millrace/broker'
import { writeNote } from '../terminal.ts'

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 }

/** Writes log lines to standard error: time, level, message, then the fields. */
export function consoleLogger(level: LogLevel): Logger {
  const isLevelEnabled = (asked: LogLevel): boolean => RANK[asked] >= RANK[level]
  const log =
    (at: LogLevel) =>
    (fields: object, message: string): void => {
      if (isLevelEnabled(at)) writeNote(formatLogLine(new Date(), at, fields, message))
    }
  return { isLevelEnabled, debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') }
}

/** One line, whatever the fields hold: text with blanks is quoted, line breaks are escaped. */
export function formatLogLine(time: Date, level: LogLevel, fields: object, message: string): string {
  const parts = Object.entries(fields).map(([name, value]) => `${name}=${formatValue(value)}`)
  return `${[time.toISOString(), level.toUpperCase().padEnd(5), message, ...parts].join(' ')}\n`
}

function formatValue(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value) ?? String(value)
  return /^[\w.:/@+-]+$/.test(value) ? value : JSON.stringify(value)
}
