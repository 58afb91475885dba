import { closeSync, openSync, readSync } from 'node:fs'

/** Reads a file from its beginning to its end with `readSync`, each time into new memory. Gives its size in bytes. */
export function readFileInPieces(path: string, pieceBytes: number): number {
  const descriptor = openSync(path, 'r')
  let total = 0
  for (;;) {
    const target = Buffer.allocUnsafeSlow(pieceBytes)
    const length = readSync(descriptor, target, 0, pieceBytes, total)
    if (length === 0) break
    total += length
  }
  closeSync(descriptor)
  return total
}
