/**
 * Whether a topic's name fits a pattern in which `*` stands for anything and `?` for one character. Walks back to the
 * last `*` only, so the time is bounded by the product of the lengths, whatever the pattern.
 */
export function matchesPattern(name: string, pattern: string): boolean {
  let at = 0
  let place = 0
  let star = -1
  let restartAt = 0
  while (at < name.length) {
    const wanted = pattern[place]
    if (wanted === '*') {
      star = place++
      restartAt = at
    } else if (wanted === '?' || wanted === name[at]) {
      place++
      at++
    } else if (star >= 0) {
      place = star + 1
      at = ++restartAt
    } else {
      return false
    }
  }
  while (pattern[place] === '*') place++
  return place === pattern.length
}
