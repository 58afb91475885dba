import { CommandError } from './command-error.ts'

/** Reads a whole number that is at least `min`. */
export function wholeNumber(name: string, text: string, min: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= min) return value
  throw new CommandError(`${name} ${text}: expected a whole number from ${min}`)
}

/** Reads `0,2,5`: partitions, each once. */
export function partitionList(texts: readonly string[]): number[] {
  const parts = texts.flatMap((text) => text.split(','))
  return [...new Set(parts.map((part) => wholeNumber('--partition', part.trim(), 0)))]
}
