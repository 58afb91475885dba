import { closeSync, openSync, readSync } from 'node:fs'

/** Reads a file from its beginning to its end with `readSync`, each piece into new memory or all into the same. Gives its size in bytes. */
export function readFileInPieces(
  path: string,
  { pieceBytes, memory }: { pieceBytes: number; memory: 'new' | 'same' },
): number {
  const descriptor = openSync(path, 'r')
  let target = Buffer.allocUnsafeSlow(pieceBytes)
  let total = 0
  for (;;) {
    const length = readSync(descriptor, target, 0, pieceBytes, total)
    if (length === 0) break
    total += length
    if (memory === 'new') target = Buffer.allocUnsafeSlow(pieceBytes)
  }
  closeSync(descriptor)
  return total
}
