const UNITS = [
  { name: 'day', ms: 86_400_000 },
  { name: 'hour', ms: 3_600_000 },
  { name: 'minute', ms: 60_000 },
  { name: 'second', ms: 1_000 },
] as const

/** A duration as one says it: in the largest unit of which there are two, `90 seconds`, `3 hours`. */
export function spokenDuration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`
  const unit = UNITS.find((one) => ms >= 2 * one.ms) ?? UNITS[3]
  const number = Math.floor(ms / unit.ms)
  return `${number} ${unit.name}${number === 1 ? '' : 's'}`
}

/** The first few, and how many more there are. */
export function joinedWords(words: readonly string[], most: number): string {
  const named = words.slice(0, most).join(', ')
  return words.length > most ? `${named} and ${words.length - most} more` : named
}
