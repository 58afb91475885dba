import { type Client, ClientError, type ClientOptions, createClient } from '@millrace/client'
import type { BrokerArguments } from '../commands/broker-option.ts'
import { connectionSettings } from './connection-settings.ts'

/** A broker that was started a moment ago may not listen yet. */
const STARTING_MS = 1_000
const PAUSE_MS = 100

/** Opens a client and makes sure that a broker answers, so that a wrong address is told at once. */
export async function connect(args: BrokerArguments, options: Partial<ClientOptions> = {}): Promise<Client> {
  const client = createClient({ ...connectionSettings(args), ...options })
  const deadlineMs = performance.now() + STARTING_MS
  for (;;) {
    try {
      await client.connect()
      return client
    } catch (error) {
      const mayBeStarting = error instanceof ClientError && error.code === 'CONNECTION_FAILED'
      if (!mayBeStarting || performance.now() > deadlineMs) {
        await client.close()
        throw withAdvice(error)
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  }
}

function withAdvice(error: unknown): unknown {
  if (!(error instanceof ClientError) || error.code !== 'CONNECTION_FAILED') return error
  const whatToDo = 'start one with `millrace serve`, or name another with --bootstrap'
  return new ClientError('CONNECTION_FAILED', error.message, { cause: error, whatToDo })
}
