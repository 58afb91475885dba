/**
 * Gives the memory behind a buffer back at once, instead of leaving it to the garbage collector. Only for whoever
 * is sure that nothing else, in JavaScript or in the kernel, looks into that memory: every view of it is empty afterwards.
 * What may lie in Node's pool of small buffers is left alone.
 */
export function freeMemory(buffer: Buffer): void {
  const memory = buffer.buffer
  if (memory instanceof ArrayBuffer && memory.byteLength > Buffer.poolSize) memory.transfer(0)
}
