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
