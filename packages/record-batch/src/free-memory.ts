/**
 * Gives the memory behind a buffer back at once, instead of leaving it to the garbage collector. Only for whoever
 * is sure that nothing else, in JavaScript or in the kernel, looks into that memory: every view of it is empty afterwards.
 * What may lie in Node's pool of small buffers is left alone; a buffer of the pool is at most half of it.
 */
export function freeMemory(buffer: Buffer): void {
  const memory = buffer.buffer
  const isPooled = memory.byteLength <= Buffer.poolSize && buffer.length < memory.byteLength
  if (memory instanceof ArrayBuffer && !isPooled) memory.transfer(0)
}

/** Below this, memory is left to Node's pool and the garbage collector. */
const SMALLEST_FREEABLE_BYTES = 4 * 1024

/**
 * Uninitialised memory for whoever gives it back with `freeMemory`. It is larger than Node's pool even when it need not be,
 * because that is how the two are told apart; what nobody touches of it costs nothing.
 */
export function freeableMemory(sizeBytes: number): Buffer {
  if (sizeBytes < SMALLEST_FREEABLE_BYTES) return Buffer.allocUnsafe(sizeBytes)
  return Buffer.allocUnsafeSlow(Math.max(sizeBytes, Buffer.poolSize + 1)).subarray(0, sizeBytes)
}
