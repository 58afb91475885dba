import { AsyncLocalStorage } from 'node:async_hooks'
import { type Broker, startBroker } from '@millrace/broker'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Client, createClient, inProcessNetwork } from '../index.ts'
import type { OpenTelemetryApi, TracedSpan } from './open-telemetry-api.ts'
import { openTelemetry } from './tracing.ts'

/** A span that remembers everything; the packed package is tested with OpenTelemetry's own. */
class FakeSpan implements TracedSpan {
  readonly attributes: Record<string, string | number>
  readonly name: string
  readonly kind: number
  readonly parent: string
  readonly id: string
  status: { code: number; message?: string } = { code: 0 }
  exceptions: Error[] = []
  isEnded = false

  constructor(
    id: string,
    name: string,
    kind: number,
    attributes: Record<string, string | number>,
    parent: string,
  ) {
    this.id = id
    this.name = name
    this.kind = kind
    this.attributes = { ...attributes }
    this.parent = parent
  }
  setAttribute(name: string, value: string | number): void {
    this.attributes[name] = value
  }
  recordException(error: Error): void {
    this.exceptions.push(error)
  }
  setStatus(status: { code: number; message?: string }): void {
    this.status = status
  }
  end(): void {
    this.isEnded = true
  }
}

/** A context is the id of the span that is active in it. */
function fakeApi(): OpenTelemetryApi<string, FakeSpan> & { readonly spans: FakeSpan[] } {
  const active = new AsyncLocalStorage<string>()
  const spans: FakeSpan[] = []
  return {
    spans,
    trace: {
      getTracer: () => ({
        startSpan(name, { kind, attributes }, parent) {
          const span = new FakeSpan(`span-${spans.length}`, name, kind, attributes, parent)
          spans.push(span)
          return span
        },
      }),
      setSpan: (_context, span) => span.id,
    },
    context: { active: () => active.getStore() ?? 'none', with: (context, run) => active.run(context, run) },
    propagation: {
      inject: (context, carrier) => {
        carrier.traceparent = context
      },
      extract: (context, carrier) => carrier.traceparent ?? context,
    },
  }
}

let broker: Broker
let client: Client
beforeAll(async () => {
  broker = await startBroker({ host: '127.0.0.1', port: 0 })
  client = createClient({ bootstrapServers: broker.bootstrapServers, network: inProcessNetwork(broker) })
})
afterAll(async () => {
  await client.close()
  await broker.close()
})

it('carries a trace from a send to the handler of the record', async () => {
  const api = fakeApi()
  const tracing = openTelemetry(api)
  const topic = client.topic('traced')
  const headers = [
    { key: 'traceparent', value: 'of another trace' },
    { key: 'kept', value: 'yes' },
  ]
  await api.context.with('request', () => tracing.send(topic, { value: Buffer.from('x'), headers }))
  const controller = new AbortController()
  let inside = ''
  const handle = tracing.handler(
    ({ headers }: { headers: readonly { key: string }[] }) => {
      inside = `${api.context.active()} ${headers.map(({ key }) => key)}`
      controller.abort()
    },
    { group: 'tracers' },
  )
  await topic.consume({ group: 'tracers', signal: controller.signal }, handle)
  expect(api.spans).toMatchObject([
    {
      name: 'send traced',
      kind: 3,
      parent: 'request',
      isEnded: true,
      attributes: {
        'messaging.system': 'kafka',
        'messaging.destination.name': 'traced',
        'messaging.destination.partition.id': '0',
        'messaging.kafka.offset': 0,
      },
    },
    {
      name: 'process traced',
      kind: 4,
      parent: 'span-0',
      isEnded: true,
      attributes: { 'messaging.consumer.group.name': 'tracers', 'messaging.kafka.offset': 0 },
    },
  ])
  expect(inside).toBe('span-1 kept,traceparent')
})

it('tells the error of a handler, and of a send, and passes it on', async () => {
  const api = fakeApi()
  const tracing = openTelemetry(api)
  const topic = client.topic('traced-failing')
  await tracing.sendMany(topic, [{ value: Buffer.from('a') }, { value: Buffer.from('b') }])
  const handle = tracing.handler(() => {
    throw new RangeError('not this one')
  })
  await expect(topic.consume({ group: 'failing' }, handle)).rejects.toThrow('not this one')
  await expect(tracing.send(topic, { value: Buffer.from('c'), partition: 7 })).rejects.toThrow(
    'no partition 7',
  )
  expect(api.spans.map(({ status, exceptions }) => [status.code, exceptions.length])).toEqual([
    [0, 0],
    [2, 1],
    [2, 1],
  ])
  expect(api.spans[0]?.attributes['messaging.batch.message_count']).toBe(2)
  expect(api.spans[1]?.attributes['error.type']).toBe('RangeError')
})
