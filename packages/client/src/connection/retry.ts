import { KafkaError } from '@millrace/protocol'
import { ClientError } from '../client-error.ts'
import { type Clock, delay } from '../time/clock.ts'
import { type BackoffBounds, backoffMs } from './backoff.ts'

/** Whether the same call may succeed a moment later. Anything but our own errors is not retried. */
export function isRetriable(error: unknown): boolean {
  return (error instanceof ClientError || error instanceof KafkaError) && error.retriable
}

/**
 * Runs `attempt` until it succeeds, fails for good, or `timeoutMs` is over. The error at the end
 * of the time is that of the last attempt inside TIMED_OUT.
 */
export async function retry<T>(
  clock: Clock,
  options: BackoffBounds & {
    readonly timeoutMs: number
    readonly what: string
    readonly signal?: AbortSignal
  },
  attempt: (remainingMs: number) => Promise<T>,
): Promise<T> {
  const deadlineMs = clock.monotonicMs() + options.timeoutMs
  for (let attempts = 0; ; attempts++) {
    try {
      return await attempt(Math.max(1, deadlineMs - clock.monotonicMs()))
    } catch (error) {
      options.signal?.throwIfAborted()
      if (!isRetriable(error)) throw error
      const pauseMs = backoffMs(attempts, options, clock)
      if (clock.monotonicMs() + pauseMs >= deadlineMs) {
        const reason = error instanceof Error ? error.message : String(error)
        const message = `${options.what}: gave up after ${options.timeoutMs} ms and ${attempts + 1} attempts: ${reason}`
        throw new ClientError('TIMED_OUT', message, { cause: error })
      }
      await delay(clock, pauseMs, options.signal)
    }
  }
}
