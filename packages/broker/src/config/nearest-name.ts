/**
 * The known name that a misspelt one most likely meant, or null when none is close: at most a third
 * of its letters wrong. A typo in a configuration must not pass for a setting.
 */
export function nearestName(name: string, known: Iterable<string>): string | null {
  const allowedEdits = Math.max(1, Math.floor(name.length / 3))
  let nearest: string | null = null
  let fewestEdits = allowedEdits + 1
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) >= fewestEdits) continue
    const edits = editDistance(name, candidate)
    if (edits < fewestEdits) {
      fewestEdits = edits
      nearest = candidate
    }
  }
  return nearest
}

/** What to say behind the refusal of a name that is not known; nothing when no known one is close. */
export function nearestNameHint(name: string, known: Iterable<string>): string {
  const nearest = nearestName(name, known)
  return nearest === null ? '' : `: did you mean ${nearest}?`
}

/** Damerau-Levenshtein distance, adjacent swaps counted once ("optimal string alignment"). */
export function editDistance(left: string, right: string): number {
  let beforePrevious: number[] = []
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let row = 1; row <= left.length; row++) {
    const current = [row]
    for (let column = 1; column <= right.length; column++) {
      const substitution = at(previous, column - 1) + (left[row - 1] === right[column - 1] ? 0 : 1)
      let best = Math.min(substitution, at(previous, column) + 1, at(current, column - 1) + 1)
      const isSwap =
        row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]
      if (isSwap) best = Math.min(best, at(beforePrevious, column - 2) + 1)
      current.push(best)
    }
    beforePrevious = previous
    previous = current
  }
  return at(previous, right.length)
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY
}
