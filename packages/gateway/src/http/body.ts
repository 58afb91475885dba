import type { IncomingMessage } from 'node:http'
import type { GatewayLimits } from '../gateway-limits.ts'
import type { Clock, Timer } from '../time/clock.ts'
import { badRequest, HttpError } from './http-error.ts'

/** What watching over a body takes. */
export interface BodyRules {
  readonly limits: GatewayLimits
  readonly clock: Clock
}

/**
 * The chunks of a body, pulled as the reader takes them. One that stands still for too long is refused with 408,
 * one that breaks off ends the request with 400.
 */
export async function* bodyChunks(request: IncomingMessage, rules: BodyRules): AsyncGenerator<Buffer, void> {
  const { clock, limits } = rules
  let timer: Timer | null = null
  const stalled = (): void => {
    request.destroy(new HttpError(408, 'BODY_TOO_SLOW', `no byte of the body came for ${limits.stallMs} ms`))
  }
  try {
    const chunks = request[Symbol.asyncIterator]() as AsyncIterator<Buffer>
    for (;;) {
      timer = clock.after(limits.stallMs, stalled)
      const { value, done } = await chunks.next()
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

/** A body as a whole. 413 when it is too large, before more of it is kept. */
export async function readBody(request: IncomingMessage, rules: BodyRules): Promise<Buffer> {
  const { clock, limits } = rules
  const tooLarge = new HttpError(
    413,
    'BODY_TOO_LARGE',
    `a body of this kind may have ${limits.maxBodyBytes} bytes`,
  )
  if (Number(request.headers['content-length'] ?? 0) > limits.maxBodyBytes) throw tooLarge
  const late = new HttpError(408, 'BODY_TOO_SLOW', `the body took longer than ${limits.bodyMs} ms`)
  const deadline = clock.after(limits.bodyMs, () => request.destroy(late))
  try {
    const chunks: Buffer[] = []
    let sizeBytes = 0
    for await (const chunk of bodyChunks(request, rules)) {
      sizeBytes += chunk.length
      if (sizeBytes > limits.maxBodyBytes) throw tooLarge
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  } finally {
    deadline.cancel()
  }
}

/** A body that is one JSON value. */
export async function readJsonBody(request: IncomingMessage, rules: BodyRules): Promise<unknown> {
  const bytes = await readBody(request, rules)
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    throw badRequest('the body is no JSON')
  }
}
