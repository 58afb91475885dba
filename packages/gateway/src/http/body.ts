import type { IncomingMessage } from 'node:http'
import type { GatewayLimits } from '../gateway-limits.ts'
import type { Clock, Timer } from '../time/clock.ts'
import { badRequest, HttpError } from './http-error.ts'
import { parseJson } from './json-text.ts'

/** What watching over a body takes. */
export interface BodyRules {
  readonly limits: GatewayLimits
  readonly clock: Clock
}

/**
 * The chunks of a body, pulled as the reader takes them. Throws 408 when one stands still for too long, and 400 when
 * it breaks off.
 */
export async function* bodyChunks(request: IncomingMessage, rules: BodyRules): AsyncGenerator<Buffer, void> {
  const { clock, limits } = rules
  let timer: Timer | null = null
  const stalled = Promise.withResolvers<never>()
  stalled.promise.catch(() => {})
  try {
    const chunks = request[Symbol.asyncIterator]() as AsyncIterator<Buffer>
    for (;;) {
      timer = clock.after(limits.stallMs, () => stalled.reject(stallError(limits)))
      const { value, done } = await Promise.race([chunks.next(), stalled.promise])
      timer.cancel()
      if (done) return
      yield value
    }
  } catch (error) {
    if (error instanceof HttpError) throw error
    throw badRequest('the body broke off')
  } finally {
    timer?.cancel()
  }
}

/** A body as a whole. Throws 413 when it is too large, before more of it is kept, and 408 when it takes too long. */
export function readBody(request: IncomingMessage, { clock, limits }: BodyRules): Promise<Buffer> {
  const { promise, reject, resolve } = Promise.withResolvers<Buffer>()
  const chunks: Buffer[] = []
  let sizeBytes = 0
  // An iterator over the request would cost more than all else that is done for a body of one record.
  const onData = (chunk: Buffer): void => {
    sizeBytes += chunk.length
    if (sizeBytes > limits.maxBodyBytes) {
      end(() => reject(tooLargeError(limits)))
      return
    }
    chunks.push(chunk)
    stall.cancel()
    stall = watchStall()
  }
  const onEnd = (): void => {
    end(() => resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)))
  }
  const onClose = (): void => end(() => reject(badRequest('the body broke off')))
  const end = (settle: () => void): void => {
    stall.cancel()
    deadline.cancel()
    request.off('data', onData).off('end', onEnd).off('close', onClose)
    request.pause()
    settle()
  }
  const watchStall = (): Timer => clock.after(limits.stallMs, () => end(() => reject(stallError(limits))))
  let stall = watchStall()
  const deadline = clock.after(limits.bodyMs, () => end(() => reject(lateError(limits))))
  if (Number(request.headers['content-length'] ?? 0) > limits.maxBodyBytes) {
    end(() => reject(tooLargeError(limits)))
  } else if (request.destroyed) {
    // Gone before anybody asked: there will be no event any more.
    onClose()
  } else {
    request.on('data', onData).on('end', onEnd).on('close', onClose)
  }
  return promise
}

function stallError({ stallMs }: GatewayLimits): HttpError {
  return new HttpError(408, 'BODY_TOO_SLOW', `no byte of the body came for ${stallMs} ms`)
}

function lateError({ bodyMs }: GatewayLimits): HttpError {
  return new HttpError(408, 'BODY_TOO_SLOW', `the body took longer than ${bodyMs} ms`)
}

function tooLargeError({ maxBodyBytes }: GatewayLimits): HttpError {
  return new HttpError(413, 'BODY_TOO_LARGE', `a body of this kind may have ${maxBodyBytes} bytes`)
}

/** A body that is one JSON value. */
export async function readJsonBody(request: IncomingMessage, rules: BodyRules): Promise<unknown> {
  const bytes = await readBody(request, rules)
  return parseJson('the body', bytes.toString('utf8'))
}
