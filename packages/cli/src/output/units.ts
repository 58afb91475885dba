const SIZES = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** `512 B`, `1.5 MiB` */
export function formatSize(bytes: number): string {
  let [value, unit] = [bytes, 0]
  while (value >= 1024 && unit < SIZES.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${SIZES[unit]}`
}

/** `1 record`, `2,500 records` */
export function formatCount(count: number, what: string): string {
  return `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`
}

/** `850ms`, `12s`, `5m`, `3h`, `2d` */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`
  if (ms < 60_000) return `${Math.round(ms / 1_000)}s`
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)}m`
  return ms < 86_400_000 ? `${Math.round(ms / 3_600_000)}h` : `${Math.round(ms / 86_400_000)}d`
}

/** `12:34:56.789`, with the day in front when it is another one. */
export function formatTime(timestampMs: number, nowMs = Date.now()): string {
  if (timestampMs < 0) return '-'.padEnd(12)
  const time = new Date(timestampMs)
  if (Number.isNaN(time.getTime())) return String(timestampMs)
  const two = (value: number): string => String(value).padStart(2, '0')
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`
  const withMs = `${clock}.${String(time.getMilliseconds()).padStart(3, '0')}`
  if (time.toDateString() === new Date(nowMs).toDateString()) return withMs
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${withMs}`
}
