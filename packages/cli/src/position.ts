import { CommandError } from './command-error.ts'

/** A place in a log as the command line names it: the shape that the client's `read` takes. */
export type Position = 'beginning' | 'end' | number | { readonly time: number }

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const EXPECTED =
  "expected beginning, end, an offset, -N (so many before the end), or a time: 10m (ago), 14:00, 'yesterday 14:00', 2026-01-31, 2026-01-31T14:00:00Z, @MILLISECONDS"

/** Reads a position. Days and clock times without a zone are local ones. */
export function parsePosition(flag: string, text: string, nowMs: number): Position {
  const trimmed = text.trim()
  if (trimmed === 'beginning' || trimmed === 'end') return trimmed
  if (/^-?\d+$/.test(trimmed)) return checkedInteger(flag, trimmed)
  const time = parseTime(trimmed, nowMs)
  if (time === null || !Number.isSafeInteger(time) || time < 0) {
    throw new CommandError(`${flag} ${text}: ${EXPECTED}`)
  }
  return { time }
}

function checkedInteger(flag: string, text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return value
  throw new CommandError(`${flag} ${text}: ${EXPECTED}`)
}

function parseTime(text: string, nowMs: number): number | null {
  if (/^@\d+$/.test(text)) return Number(text.slice(1))
  const ago = /^(\d+)([smhd])(?:\s+ago)?$/.exec(text)
  if (ago !== null) return nowMs - Number(ago[1]) * (UNIT_MS[ago[2] ?? ''] ?? Number.NaN)
  const clock = /^(?:(today|yesterday)\s*)?(?:(\d{1,2}):(\d{2})(?::(\d{2}))?)?$/.exec(text)
  if (clock !== null && text !== '') return clockTime(clock, nowMs)
  // A day alone would be read as UTC by Date, and with a time as local: both are local here.
  const day = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text)
  if (day !== null)
    return isDay(text) ? new Date(Number(day[1]), Number(day[2]) - 1, Number(day[3])).getTime() : null
  if (!/^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/.test(text) || !isDay(text.slice(0, 10))) return null
  return new Date(text.replace(' ', 'T')).getTime()
}

function clockTime(
  [, day, hours = '0', minutes = '0', seconds = '0']: RegExpExecArray,
  nowMs: number,
): number | null {
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return null
  const date = new Date(nowMs)
  date.setHours(Number(hours), Number(minutes), Number(seconds), 0)
  if (day === 'yesterday') date.setDate(date.getDate() - 1)
  return date.getTime()
}

/** Whether there is such a day: Date takes 2026-02-31 for the third of March. */
function isDay(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
}
