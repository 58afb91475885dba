import type { RecordHeaderInput } from '@millrace/record-batch'
import type { ConsumerRecord } from '../consumer/consumer-record.ts'
import type { RecordMetadata, SendManyResult } from '../producer/producer-record.ts'
import type { RecordHandler, Topic, TypedRecord } from '../topic.ts'
import { type OpenTelemetryApi, SPAN_KIND, SPAN_STATUS_ERROR, type TracedSpan } from './open-telemetry-api.ts'

/** Sends and handles records within spans, and carries the trace from one to the other in the records' headers. */
export interface Tracing {
  /** As `topic.send`, within a span of the kind PRODUCER. */
  send<K, V>(topic: Topic<K, V>, record: TypedRecord<K, V>): Promise<RecordMetadata>
  /** As `topic.sendMany`, within one span for all of them. */
  sendMany<K, V>(topic: Topic<K, V>, records: readonly TypedRecord<K, V>[]): Promise<SendManyResult>
  /**
   * A handler for `topic.consume` that runs within a span of the kind CONSUMER, a child of the one that sent the
   * record. `group` names the group in it.
   */
  handler<K, V>(handle: RecordHandler<K, V>, options?: { readonly group?: string }): RecordHandler<K, V>
}

const INSTRUMENTATION = '@millrace/client'

/** Traces by OpenTelemetry: `openTelemetry(await import('@opentelemetry/api'))`. Names follow its conventions for messaging. */
export function openTelemetry<Context, Span extends TracedSpan>(
  api: OpenTelemetryApi<Context, Span>,
): Tracing {
  const tracer = api.trace.getTracer(INSTRUMENTATION)

  /** Runs within a new span, which ends with it and tells its error. */
  async function within<T>(
    name: string,
    kind: number,
    attributes: Record<string, string | number>,
    parent: Context,
    run: (context: Context, span: Span) => Promise<T>,
  ): Promise<T> {
    const all = { 'messaging.system': 'kafka', ...attributes }
    const span = tracer.startSpan(name, { kind, attributes: all }, parent)
    const context = api.trace.setSpan(parent, span)
    try {
      return await api.context.with(context, () => run(context, span))
    } catch (error) {
      const seen = error instanceof Error ? error : new Error(String(error))
      span.recordException(seen)
      span.setStatus({ code: SPAN_STATUS_ERROR, message: seen.message })
      span.setAttribute('error.type', seen.name)
      throw error
    } finally {
      span.end()
    }
  }

  function withContext<K, V>(record: TypedRecord<K, V>, context: Context): TypedRecord<K, V> {
    const carrier: Record<string, string> = {}
    api.propagation.inject(context, carrier)
    const added: RecordHeaderInput[] = Object.entries(carrier).map(([key, value]) => ({ key, value }))
    const kept = (record.headers ?? []).filter(({ key }) => carrier[key] === undefined)
    return { ...record, headers: [...kept, ...added] }
  }

  function sending(topic: string, count: number): Record<string, string | number> {
    const attributes = { 'messaging.destination.name': topic, 'messaging.operation.type': 'send' }
    return count === 1 ? attributes : { ...attributes, 'messaging.batch.message_count': count }
  }

  return {
    send(topic, record) {
      const attributes = sending(topic.name, 1)
      const parent = api.context.active()
      return within(`send ${topic.name}`, SPAN_KIND.producer, attributes, parent, async (context, span) => {
        const metadata = await topic.send(withContext(record, context))
        span.setAttribute('messaging.destination.partition.id', String(metadata.partition))
        span.setAttribute('messaging.kafka.offset', metadata.offset)
        return metadata
      })
    },
    sendMany(topic, records) {
      const attributes = sending(topic.name, records.length)
      const parent = api.context.active()
      return within(`send ${topic.name}`, SPAN_KIND.producer, attributes, parent, (context) =>
        topic.sendMany(records.map((record) => withContext(record, context))),
      )
    },
    handler(handle, { group } = {}) {
      return (record, context) => {
        const attributes = {
          'messaging.destination.name': record.topic,
          'messaging.destination.partition.id': String(record.partition),
          'messaging.kafka.offset': record.offset,
          'messaging.operation.type': 'process',
          ...(group === undefined ? {} : { 'messaging.consumer.group.name': group }),
        }
        const parent = api.propagation.extract(api.context.active(), carrierOf(record))
        return within(`process ${record.topic}`, SPAN_KIND.consumer, attributes, parent, async () =>
          handle(record, context),
        )
      }
    },
  }
}

/** Headers by name; of several with one name the last counts, as it was added last. */
function carrierOf({ headers }: Pick<ConsumerRecord, 'headers'>): Record<string, string> {
  const carrier: Record<string, string> = {}
  for (const { key, value } of headers) if (value !== null) carrier[key] = value.toString()
  return carrier
}
