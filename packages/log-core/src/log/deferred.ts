/** A promise that is settled from outside. A rejection that nobody waits for is no unhandled one. */
export interface Deferred {
  readonly promise: Promise<void>
  resolve(): void
  reject(error: Error): void
}

export function createDeferred(): Deferred {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  // acks=0 and fire-and-forget callers never look at it; the log itself reports and remembers the failure.
  promise.catch(() => {})
  return { promise, resolve, reject }
}
